internal import IPTablesSource

/// A part of the metrics that can be switched off, or asked for alone; the raw value is its name.
public enum CollectorName: String, Sendable, Hashable, CaseIterable {
  case anomalies
  case connections
  case services
  case tables

  /// The counters that it exports.
  var counters: CounterSelection {
    switch self {
    case .connections: .connections
    case .anomalies, .services: []
    case .tables: .policies
    }
  }

  /// Whether it tells a scraper what came since its last scrape.
  var comparesScrapes: Bool { self == .services || self == .tables }
}

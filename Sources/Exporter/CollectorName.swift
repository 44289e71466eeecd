internal import IPTablesSource

/// A part of the metrics that can be switched off, or asked for alone; the raw value is its name.
public enum CollectorName: String, Sendable, Hashable, CaseIterable {
  case anomalies
  case connections
  case endpoints
  case rules
  case services
  case tables

  /// Those that are on where nothing is said: the others have series by the thousands.
  public static let byDefault = Set(allCases).subtracting([.endpoints, .rules])

  /// The counters that it exports.
  var counters: CounterSelection {
    switch self {
    case .connections, .endpoints: .connections
    case .rules: .rules
    case .anomalies, .services: []
    case .tables: .policies
    }
  }

  /// Whether it tells a scraper what came since its last scrape.
  var comparesScrapes: Bool {
    switch self {
    case .anomalies, .connections, .endpoints, .rules: false
    case .services, .tables: true
    }
  }
}

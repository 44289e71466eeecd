internal import IPTablesSource
internal import Tracking

/// A part of the metrics that can be switched off, or asked for alone: a collector, as flags, requests
/// and metrics name it.
///
/// Each collector's file says its own. To add a collector, write its file, and add it to ``allCases``.
package struct CollectorName: Sendable {
  package let rawValue: String
  /// What it does, as `--help` says it.
  package let help: String
  /// Whether it is on where no flag names it. Those are off that have series by the thousands.
  package internal(set) var isOnByDefault = true
  /// The counters that it exports.
  var counters: CounterSelection = []
  /// What it needs to be followed.
  var subjects: TrackedSubjects.Kinds = []
  /// Whether it reports to a scraper what came since its last scrape.
  var comparesScrapes = false
  let collector: any Collector
}

extension CollectorName: Hashable, CaseIterable {
  /// The collector of that name; nil where there is none.
  package init?(rawValue: String) {
    guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = known
  }

  package static let byDefault = Set(allCases.filter(\.isOnByDefault))

  package static let allCases: [CollectorName] = [
    .anomalies, .connections, .conntrack, .endpoints, .nfacct, .rules, .services, .tables,
  ]

  package static func == (left: CollectorName, right: CollectorName) -> Bool {
    left.rawValue == right.rawValue
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

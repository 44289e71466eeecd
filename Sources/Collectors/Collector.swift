internal import Exposition
internal import IPTablesSource
internal import Netfilter
internal import Tracking

/// A group of metrics that is rendered from one state of the rules. It can be switched off, or asked for alone.
///
/// To add a collector, write a file with its description, and add that to ``allCases``.
package struct Collector: Sendable {
  /// What flags, requests and metrics call it.
  package let name: String
  /// What it does, as `--help` says it.
  package let help: String
  /// Whether it is on where no flag names it. Those are off that have series by the thousands.
  package internal(set) var isOnByDefault = true
  /// The counters that it exports.
  var counters: CounterSelection = []
  /// What it needs to be followed.
  var subject: TrackedSubjects.Kind?
  /// Whether all is known that it would export, beside the rules.
  var isComplete: @Sendable (RulesetState) -> Bool = { _ in true }
  /// The families that are the same for everybody who asks, in parts that change together.
  let sharedParts: @Sendable (RulesetState) -> [Part]
  /// The families of what changed since a scraper's last scrape; nil where there are none. It takes the totals at
  /// that scrape, which are nil if this is the first.
  var partsSince: (@Sendable (ChurnMark?, RulesetState) -> [Part])?
}

extension Collector: Hashable, CaseIterable {
  package static let byDefault = Set(allCases.filter(\.isOnByDefault))

  package static let allCases: [Collector] = [
    .anomalies, .connections, .conntrack, .endpoints, .nfacct, .rules, .services, .tables,
  ]

  package static func == (left: Collector, right: Collector) -> Bool { left.name == right.name }

  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension ExpositionWriter {
  /// Writes a gauge with the samples that `body` writes.
  mutating func gauge(_ name: String, _ help: String, _ body: (inout SampleWriter) -> Void) {
    write(MetricFamily(name, .gauge, help), body)
  }

  /// Writes an info with the samples that `body` writes, which are all 1.
  mutating func info(_ name: String, _ help: String, _ body: (inout SampleWriter) -> Void) {
    write(MetricFamily(name, .info, help), body)
  }

  /// Writes a counter with the samples that `body` writes.
  mutating func counter(_ name: String, _ help: String, _ body: (inout SampleWriter) -> Void) {
    write(MetricFamily(name, .counter, help), body)
  }
}

extension LabelSet {
  init(_ family: IPFamily) { self.init(["ip_family": family.rawValue]) }

  /// The labels of a family in a backend.
  init(_ state: FamilyState) {
    self.init(["backend": state.backend.rawValue, "ip_family": state.family.rawValue])
  }
}

extension SampleWriter {
  /// Writes how many have no series of their own, by reason.
  mutating func omitted(_ labels: LabelSet, byLimit: Int, byPattern: Int) {
    sample(labels, and: LabelSet(["reason": "limit"]), byLimit)
    sample(labels, and: LabelSet(["reason": "pattern"]), byPattern)
  }
}

extension RulesetState {
  /// Calls `body` for each selected service port, with its labels and its index in the family's map.
  func forEachSelected(_ body: (LabelSet, Int, ServiceState) -> Void) {
    for services in self.services {
      let (labels, indices) = (services.selected.labels, services.selected.indices)
      for position in indices.indices {
        body(labels[position], indices[position], services)
      }
    }
  }
}

/// Which rewritten rules are counted, for HELP texts.
enum RewriteLimits {
  static let help =
    "In nf_tables a rule counts if its handle is another. Legacy rules have no handles: a rule counts if "
    + "its counters are lower than before. A rule is missed if it had counted nothing, or has counted more "
    + "since. Counters that iptables -Z reset are counted."
}

internal import Exposition

/// A group of metrics that is rendered from one state of the rules.
protocol Collector: Sendable {
  /// The families that are the same for everybody who asks, in parts that change together.
  func sharedParts(of state: RulesetState) -> [Part]

  /// The families that tell a scraper what came since its last scrape, where there are such.
  ///
  /// - Parameter earlier: the totals at that scrape; nil if this is the first.
  func partsSince(_ earlier: ChurnLedger?, _ state: RulesetState) -> [Part]
}

/// Families, or a part of a large one, that are rendered again when something about them changed.
struct Part {
  /// The same as at an earlier state where nothing did; nil for what is not to be kept.
  let revision: [UInt64]?
  let write: (inout ExpositionWriter) -> Void
}

extension Collector {
  func partsSince(_: ChurnLedger?, _: RulesetState) -> [Part] { [] }
}

internal import Exposition

/// A group of metrics that is rendered from one state of the rules.
protocol Collector: Sendable {
  /// The families that are the same for everybody who asks, in parts that change together.
  func sharedParts(of state: RulesetState) -> [SharedPart]

  /// Writes the families that tell a scraper what came since its last scrape, where there are such.
  ///
  /// - Parameter earlier: the totals at that scrape; nil if this is the first.
  func writeSince(
    _ earlier: ChurnLedger?, _ state: RulesetState, to writer: inout ExpositionWriter)
}

/// Families that are rendered again when something about them changed.
struct SharedPart {
  /// The same as at an earlier state where nothing did.
  let revision: [UInt64]
  let write: (inout ExpositionWriter) -> Void
}

extension Collector {
  func writeSince(_: ChurnLedger?, _: RulesetState, to _: inout ExpositionWriter) {}
}

internal import Exposition

/// A group of metrics that is rendered from one state of the rules.
protocol Collector: Sendable {
  /// Writes the families that are the same for everybody who asks.
  func writeShared(_ state: RulesetState, to writer: inout ExpositionWriter)

  /// Writes the families that tell a scraper what came since its last scrape, where there are such.
  ///
  /// - Parameter earlier: the totals at that scrape; nil if this is the first.
  func writeSince(
    _ earlier: ChurnLedger?, _ state: RulesetState, to writer: inout ExpositionWriter)
}

extension Collector {
  func writeSince(_: ChurnLedger?, _: RulesetState, to _: inout ExpositionWriter) {}
}

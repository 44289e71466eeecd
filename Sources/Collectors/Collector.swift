internal import Exposition
internal import Platform
internal import Tracking

/// A group of metrics that is rendered from one state of the rules.
protocol Collector: Sendable {
  /// The families that are the same for everybody who asks, in parts that change together.
  func sharedParts(of state: RulesetState) -> [Part]

  /// The families that tell a scraper what came since its last scrape, where there are such.
  ///
  /// - Parameter earlier: the totals at that scrape; nil if this is the first.
  func partsSince(_ earlier: ChurnMark?, _ state: RulesetState) -> [Part]

  /// Why it isn't known whether a pattern selects something that the collector would export.
  func patternFailure(in state: RulesetState) -> MatchingError?
}

/// Families, or a part of a large one, that are rendered again when something about them changed.
struct Part: Sendable {
  let name: Name
  /// All that the bytes are made from, as numbers: equal revisions mean equal bytes. Nil for what is not
  /// to be kept.
  let revision: [UInt64]?
  let write: @Sendable (inout ExpositionWriter) -> Void

  /// Tells a part from all others of its collector, whichever of them there are.
  struct Name: Hashable {
    /// Which families it holds.
    let content: Content
    /// The address family and the number of a block of service ports; nil for what isn't in blocks.
    var block: ServiceBlock.Name?
  }

  enum Content: Hashable {
    case gauges, changes, rewrites, moves, totals, connections, shares, packets, bytes, omitted
  }

  init(
    _ content: Content, of block: ServiceBlock.Name? = nil, revision: [UInt64]?,
    write: @escaping @Sendable (inout ExpositionWriter) -> Void
  ) {
    name = Name(content: content, block: block)
    self.revision = revision
    self.write = write
  }
}

extension Collector {
  func partsSince(_: ChurnMark?, _: RulesetState) -> [Part] { [] }

  func patternFailure(in _: RulesetState) -> MatchingError? { nil }
}

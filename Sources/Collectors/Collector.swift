internal import Exposition
internal import Netfilter
internal import Tracking

/// A group of metrics that is rendered from one state of the rules.
protocol Collector: Sendable {
  /// The families that are the same for everybody who asks, in parts that change together.
  func sharedParts(of state: RulesetState) -> [Part]

  /// The families that tell a scraper what came since its last scrape, where there are such.
  ///
  /// - Parameter earlier: the totals at that scrape; nil if this is the first.
  func partsSince(_ earlier: ChurnMark?, _ state: RulesetState) -> [Part]

  /// Whether all is known that the collector would export, beside the rules.
  func isComplete(in state: RulesetState) -> Bool
}

extension Collector {
  func partsSince(_: ChurnMark?, _: RulesetState) -> [Part] { [] }

  func isComplete(in _: RulesetState) -> Bool { true }
}

/// Families, or a part of a large one, that are rendered again when something about them changed.
struct Part: Sendable {
  /// Nil for what is not to be kept.
  let key: Key?
  let write: @Sendable (inout ExpositionWriter) -> Void

  /// What a part is, and what it is made from: equal keys of a collector mean equal bytes.
  struct Key: Hashable, Sendable {
    /// Which families it holds.
    let content: Content
    /// Which block of service ports; nil for what isn't in blocks.
    var block: Block?
    /// The objects that the bytes are made from.
    let origin: [Identity]
  }

  struct Block: Hashable, Sendable {
    let number: Int
    let isFirst: Bool
  }

  enum Content: Hashable, Sendable {
    case gauges, changes, rewrites, moves, totals, connections, shares, packets, bytes, omitted,
      accounts
  }

  /// The identity of an object that never changes. Equal contents are not enough.
  struct Identity: Hashable, Sendable {
    private let object: any AnyObject & Sendable

    init(_ object: any AnyObject & Sendable) { self.object = object }

    static func == (left: Self, right: Self) -> Bool { left.object === right.object }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(object)) }
  }

  /// A part that is not kept.
  init(write: @escaping @Sendable (inout ExpositionWriter) -> Void) {
    key = nil
    self.write = write
  }

  init(
    _ content: Content, of block: Block? = nil, from origin: [any AnyObject & Sendable],
    write: @escaping @Sendable (inout ExpositionWriter) -> Void
  ) {
    key = Key(content: content, block: block, origin: origin.map(Identity.init))
    self.write = write
  }
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

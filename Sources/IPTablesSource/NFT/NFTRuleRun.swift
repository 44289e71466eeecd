internal import Netfilter

/// What is known of the rules of one chain or of several, rule after rule, beside their content.
struct NFTRuleRun: Sendable {
  var counters: [Counter] = []
  /// Each with its table's handle before it: a table that is made again numbers its rules from 1.
  var handles: [UInt64] = []
  var digests: [ContentDigest] = []
  /// Whether the rule translates the destination, so that its packets are new connections.
  var translates: [Bool] = []

  var count: Int { handles.count }

  mutating func reserveCapacity(_ count: Int) {
    counters.reserveCapacity(count)
    handles.reserveCapacity(count)
    digests.reserveCapacity(count)
    translates.reserveCapacity(count)
  }

  /// Appends the rules of `range` of another run.
  mutating func append(_ other: NFTRuleRun, _ range: Range<Int>) {
    counters.append(contentsOf: other.counters[range])
    handles.append(contentsOf: other.handles[range])
    digests.append(contentsOf: other.digests[range])
    translates.append(contentsOf: other.translates[range])
  }
}

/// A rule's handle together with its table's.
enum NFTRuleHandle {
  /// Unique, unless there are a million tables or 17 million million rules.
  static func unique(table: UInt64, rule: UInt64) -> UInt64 { table << bits | rule & mask }

  /// The table's own number of the rule.
  static func rule(of unique: UInt64) -> UInt64 { unique & mask }

  private static let bits: UInt64 = 44
  private static let mask: UInt64 = 1 << bits - 1
}

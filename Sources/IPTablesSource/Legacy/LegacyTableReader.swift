internal import Netfilter

/// Reads one table again and again, and remembers a digest of each rule: what a reading finds
/// unchanged costs a digest a rule, and no allocation.
final class LegacyTableReader {
  private let family: IPFamily
  private let table: TableName
  private let hasher = ContentHasher()
  private let decoder: RuleDecoder
  /// The last reading's content, and the digests of its rules, chain after chain.
  private var content: TableContent?
  private var digests: [ContentDigest] = []

  init(family: IPFamily, table: TableName) {
    self.family = family
    self.table = table
    self.decoder = RuleDecoder(family)
  }

  /// Takes the table from the kernel and frees it again.
  ///
  /// - Parameter size: the table's size in bytes, if known.
  /// - Throws: `ReadingError` with libiptc's words; what was remembered stays.
  func read(size: Int?) throws(ReadingError) -> TableSnapshot {
    var walk = TableWalk(
      previous: content, previousDigests: digests, decoder: decoder, hasher: hasher)
    do {
      let handle = try TableHandle(family: family, table: table)
      unsafe handle.forEachChain { name in unsafe walk.visit(name, of: handle) }
    }
    let snapshot = TableSnapshot(
      content: walk.content(family: family, name: table), counters: walk.counters,
      policyCounters: walk.policyCounters, size: size)
    digests = walk.digests
    content = snapshot.content
    return snapshot
  }
}

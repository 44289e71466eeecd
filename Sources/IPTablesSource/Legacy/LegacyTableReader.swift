internal import Netfilter
private import Platform
internal import XTables

/// Reads one table again and again, and remembers a digest of each rule: what a reading finds
/// unchanged costs a digest a rule, and no allocation.
///
/// Whoever replaces a table does it in two steps: the new one begins with counters that are 0, and what
/// the old one had counted is added afterwards. (With 70,000 rules a tenth of a second lies between.) A
/// reading from in between would show counters that fall and then rise by all that they ever were. So
/// where nearly all of a table's counters have vanished at once, they are given time to come back.
final class LegacyTableReader {
  private let family: IPFamily
  private let table: TableName
  private let hasher = ContentHasher()
  private let writer: EntryWriter
  /// The last reading's content, and the digests of its rules, chain after chain.
  private var content: TableContent?
  private var digests: [ContentDigest] = []
  /// The number of rules that had counted anything at the last reading.
  private var countingRules = 0

  init(family: IPFamily, table: TableName, _ xtables: XTables) {
    self.family = family
    self.table = table
    writer = EntryWriter(family, xtables)
  }

  /// Takes the table from the kernel and frees it again.
  ///
  /// - Parameter size: the table's size in bytes, if known.
  /// - Throws: `ReadingError` with libiptc's words; what was remembered stays.
  func read(size: Int?) throws(ReadingError) -> TableSnapshot {
    var walk = try walk()
    var attempts = 1
    while walk.countingRules < countingRules / 4, attempts < Self.maximumAttempts {
      Pause.blocking(Self.timeToReplace(walk.counters.count, attempts))
      walk = try self.walk()
      attempts += 1
    }
    let snapshot = TableSnapshot(
      content: walk.content(family: family, name: table), counters: walk.counters,
      policyCounters: walk.policyCounters, size: size)
    digests = walk.digests
    content = snapshot.content
    countingRules = walk.countingRules
    return snapshot
  }

  /// Writes all rules anew at the next reading.
  func forgetRules() {
    content = nil
    digests = []
  }

  private func walk() throws(ReadingError) -> TableWalk {
    var walk = TableWalk(
      previous: content, previousDigests: digests, writer: writer, hasher: hasher)
    let handle = try TableHandle(family: family, table: table)
    unsafe handle.forEachChain { name in unsafe walk.visit(name, of: handle) }
    return walk
  }

  /// A table whose counters are gone for good, such as one that `iptables-restore` loaded, is read this
  /// often.
  private static let maximumAttempts = 4

  /// What lies between the two steps, generously; and the longer the more often it was too short, for
  /// whoever replaces the table may have to wait for a processor.
  private static func timeToReplace(_ ruleCount: Int, _ attempts: Int) -> Duration {
    max(
      .milliseconds(1) + .microseconds(2 * ruleCount),
      .milliseconds(2 * attempts * attempts * attempts))
  }
}

extension TableWalk {
  /// The number of rules that have counted anything.
  fileprivate var countingRules: Int { counters.count { $0.packets > 0 } }
}

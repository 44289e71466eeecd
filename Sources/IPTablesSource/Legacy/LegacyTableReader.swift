private import Glibc
internal import Netfilter
private import Platform
internal import XTables

/// Reads one table again and again.
///
/// It remembers a digest of each rule, so that an unchanged rule costs a digest and no allocation.
///
/// iptables replaces a table in two steps. The new table begins with counters of 0, and the kernel adds the
/// old counters afterwards; with 70,000 rules a tenth of a second lies between. A reading from in between
/// would show counters that fall and then rise again. So where nearly all counters have vanished at once,
/// the reader waits for them to come back.
final class LegacyTableReader {
  private let family: IPFamily
  private let table: TableName
  private let hasher = ContentHasher()
  private let writer: EntryWriter
  /// The last reading's content, and the digests of its rules, chain after chain.
  private var content: TableContent
  private var digests: [ContentDigest] = []
  /// The number of rules that had counted anything at the last reading.
  private var countingRules = 0

  init(family: IPFamily, table: TableName, _ xtables: XTables) {
    self.family = family
    self.table = table
    writer = EntryWriter(family, xtables)
    content = TableContent(family: family, name: table, chains: [])
  }

  /// Takes the table from the kernel and frees it again.
  ///
  /// - Parameter size: the table's size in bytes, if known.
  /// - Throws: `ReadingError` with libiptc's words; what was remembered stays.
  func read(size: Int?) throws(ReadingError) -> TableSnapshot {
    var walk = try walk(size)
    var attempts = 1
    while walk.countingRules < countingRules / 4, attempts < Self.maximumAttempts {
      Pause.blocking(Self.timeToReplace(walk.counters.count, attempts))
      walk = try self.walk(size)
      attempts += 1
    }
    let snapshot = TableSnapshot(
      content: walk.content, counters: walk.counters, policyCounters: walk.policyCounters,
      size: size)
    digests = walk.digests
    content = snapshot.content
    countingRules = walk.countingRules
    return snapshot
  }

  /// Writes all rules anew at the next reading.
  func forgetRules() {
    content = TableContent(family: family, name: table, chains: [])
    digests = []
  }

  private func walk(_ size: Int?) throws(ReadingError) -> TableWalk {
    var walk = TableWalk(
      previous: content, previousDigests: digests, writer: writer, hasher: hasher)
    let handle = try Allocator.withPrefaultedBlock(size: size ?? 0) { () throws(ReadingError) in
      try TableHandle(family: family, table: table)
    }
    unsafe handle.forEachChain { name in unsafe walk.visit(name, of: handle) }
    return walk
  }

  /// How often a table is read whose counters are gone for good, as after `iptables-restore`.
  private static let maximumAttempts = 4

  /// The time between the two steps, with room. It grows with each attempt, because the process that
  /// replaces the table may wait for a processor.
  private static func timeToReplace(_ ruleCount: Int, _ attempts: Int) -> Duration {
    max(
      .milliseconds(1) + .microseconds(2 * ruleCount),
      .milliseconds(2 * attempts * attempts * attempts))
  }
}

/// One walk through a table: what it has gathered so far.
@safe struct TableWalk {
  private let previous: TableContent
  private let previousDigests: [ContentDigest]
  private var writer: EntryWriter
  private let hasher: ContentHasher
  /// Those of the chain that is being written.
  private var rules = RuleList()
  /// Rules that are to be digested, with their targets' names.
  private var pending: [(entry: UnsafeRawPointer, target: UnsafePointer<CChar>, length: Int)]
  private(set) var digests: [ContentDigest] = []
  private(set) var counters: [Counter] = []
  private(set) var policyCounters: [Counter] = []
  /// The chains, from the first on that differs from the last reading's at its place; nil until then.
  private var chains: [Chain]?
  /// Whether a user's chain was visited: they follow the built-in ones.
  private var isPastBuiltIn = false
  /// The number of chains visited.
  private var visited = 0
  /// Where the last reading's next chain stands, if it is still there.
  private var cursor = 0

  init(
    previous: TableContent, previousDigests: [ContentDigest], writer: EntryWriter,
    hasher: ContentHasher
  ) {
    self.previous = previous
    self.previousDigests = previousDigests
    self.writer = writer
    self.hasher = hasher
    unsafe pending = []
    unsafe pending.reserveCapacity(Self.pendingCount)
    digests.reserveCapacity(previous.ruleCount)
    counters.reserveCapacity(previous.ruleCount)
  }

  /// The number of rules that have counted anything.
  var countingRules: Int { counters.count { $0.packets > 0 } }

  /// What was found: the last reading's content itself where nothing differs.
  var content: TableContent {
    if chains == nil, visited == previous.chains.count { return previous }
    return TableContent(
      family: previous.family, name: previous.name,
      chains: chains ?? Array(previous.chains.prefix(visited)))
  }

  mutating func visit(_ name: UnsafePointer<CChar>, of handle: borrowing TableHandle) {
    // libiptc's names are at most 31 bytes.
    let chainName = unsafe KernelBytes(cString: name).chainName ?? ""
    // libiptc looks a chain up by its name each time; only the first few are built in.
    let policy = isPastBuiltIn ? nil : unsafe handle.policy(of: name)
    isPastBuiltIn = policy == nil
    if let policy { policyCounters.append(policy.counter) }
    let first = digests.count
    unsafe handle.forEachRule(in: name) { entry, target in
      unsafe pending.append((entry, target, 0))
      if unsafe pending.count == Self.pendingCount { digestPending() }
    }
    digestPending()
    let position = previousPosition(of: chainName)
    if let position { cursor = position + 1 }
    if let position, isUnchanged(at: position, policy?.verdict, digestsFrom: first) {
      if chains != nil || position != visited {
        startChains()
        chains?.append(previous.chains[position])
      }
    } else {
      let known = position.map { KnownRules(previous, previousDigests, at: $0) }
      let rules = unsafe rules(in: name, of: handle, digestsFrom: first, known: known)
      startChains()
      chains?.append(Chain(name: chainName, policy: policy?.verdict, rules: rules))
    }
    visited += 1
  }

  /// Digests the rules that were gathered.
  ///
  /// A jump's target is named in the memory of another chain, anywhere. Where the lengths of several names are
  /// asked for in a row, the processor fetches the names at the same time.
  private mutating func digestPending() {
    for index in unsafe pending.indices {
      unsafe pending[index].length = strlen(pending[index].target)
    }
    let layout = writer.layout
    for index in unsafe pending.indices {
      let (entry, target, length) = unsafe pending[index]
      unsafe digests.append(
        layout.digest(of: entry, targetName: target, nameLength: length, hasher: hasher))
      unsafe counters.append(layout.counter(of: entry))
    }
    unsafe pending.removeAll(keepingCapacity: true)
  }

  private static let pendingCount = 8

  /// Where the last reading had the chain; nil where it had none.
  ///
  /// libiptc sorts users' chains, so what stands before the name is gone. Were they not sorted, a chain
  /// might be missed, and written again.
  private func previousPosition(of name: ChainName) -> Int? {
    let chains = previous.chains
    var position = cursor
    while position < chains.count {
      if chains[position].name == name { return position }
      if isPastBuiltIn, !chains[position].isBuiltIn, chains[position].name > name { return nil }
      position += 1
    }
    return nil
  }

  private func isUnchanged(at position: Int, _ policy: Verdict?, digestsFrom first: Int) -> Bool {
    let range = previous.ruleRange(of: position)
    guard previous.chains[position].policy == policy, range.count == digests.count - first
    else { return false }
    for index in range where previousDigests[index] != digests[first + index - range.lowerBound] {
      return false
    }
    return true
  }

  /// Begins the list of chains with those visited so far, which are the last reading's.
  private mutating func startChains() {
    if chains != nil { return }
    var started: [Chain] = []
    started.reserveCapacity(previous.chains.count + 16)
    started.append(contentsOf: previous.chains.prefix(visited))
    chains = started
  }

  /// The chain's rules: those that the last reading knew, as they are, the others written.
  private mutating func rules(
    in chain: UnsafePointer<CChar>, of handle: borrowing TableHandle, digestsFrom first: Int,
    known: KnownRules?
  ) -> RuleList {
    rules.removeAll()
    var known = known
    let layout = writer.layout
    unsafe handle.forEachRule(in: chain) { entry, target in
      let digest = digests[first + rules.count]
      if let position = known?.position(of: digest, near: rules.count), let known {
        rules.append(line: known.rules.line(at: position))
      } else {
        let size = Int(
          unsafe entry.loadUnaligned(
            fromByteOffset: layout.nextOffset, as: UInt16.self))
        let bytes = unsafe KernelBytes(UnsafeRawBufferPointer(start: entry, count: size))
        rules.append(
          line: writer.line(of: bytes, targetName: unsafe KernelBytes(cString: target)))
      }
    }
    return rules.trimmed
  }
}

private import Glibc
internal import Netfilter

/// One walk through a table: what it has gathered so far.
struct TableWalk {
  private let previous: TableContent?
  private let previousDigests: [ContentDigest]
  private var writer: EntryWriter
  private let hasher: ContentHasher
  /// Those of the chain that is being written.
  private var rules = RuleList()
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
    previous: TableContent?, previousDigests: [ContentDigest], writer: EntryWriter,
    hasher: ContentHasher
  ) {
    self.previous = previous
    self.previousDigests = previousDigests
    self.writer = writer
    self.hasher = hasher
    digests.reserveCapacity(previous?.ruleCount ?? 0)
    counters.reserveCapacity(previous?.ruleCount ?? 0)
  }

  /// What was found: the last reading's content itself where nothing differs.
  func content(family: IPFamily, name: TableName) -> TableContent {
    if chains == nil, let previous, visited == previous.chains.count { return previous }
    let found = chains ?? Array(previous?.chains.prefix(visited) ?? [])
    return TableContent(family: family, name: name, chains: found)
  }

  mutating func visit(_ name: UnsafePointer<CChar>, of handle: borrowing TableHandle) {
    let chainName = unsafe ChainName(cString: name)
    // libiptc looks a chain up by its name each time; only the first few are built in.
    let policy = isPastBuiltIn ? nil : unsafe handle.policy(of: name)
    isPastBuiltIn = policy == nil
    if let policy { policyCounters.append(policy.counter) }
    let first = digests.count
    let layout = writer.layout
    let hasher = hasher
    unsafe handle.forEachRule(in: name) { entry, target in
      unsafe digests.append(layout.digest(of: entry, targetName: target, hasher: hasher))
      unsafe counters.append(layout.counter(of: entry))
    }
    let position = previousPosition(of: chainName)
    if let position { cursor = position + 1 }
    if let position, isUnchanged(at: position, policy?.verdict, digestsFrom: first) {
      if chains != nil || position != visited { append(previousChainAt: position) }
    } else {
      let rules = unsafe rules(
        in: name, of: handle, digestsFrom: first, known: position.map(knownRules))
      startChains()
      chains?.append(Chain(name: chainName, policy: policy?.verdict, rules: rules))
    }
    visited += 1
  }

  /// Where the last reading had the chain; nil where it had none.
  ///
  /// libiptc sorts users' chains, so what stands before the name is gone. Were they not sorted, a chain
  /// might be missed, and written again.
  private func previousPosition(of name: ChainName) -> Int? {
    guard let chains = previous?.chains else { return nil }
    var position = cursor
    while position < chains.count {
      if chains[position].name == name { return position }
      if isPastBuiltIn, !chains[position].isBuiltIn, chains[position].name > name { return nil }
      position += 1
    }
    return nil
  }

  private func isUnchanged(at position: Int, _ policy: Verdict?, digestsFrom first: Int) -> Bool {
    guard let previous, previous.chains[position].policy == policy else { return false }
    let start = previous.firstRules[position]
    guard previous.firstRules[position + 1] - start == digests.count - first else { return false }
    for offset in 0..<digests.count - first
    where previousDigests[start + offset] != digests[first + offset] {
      return false
    }
    return true
  }

  private func knownRules(at position: Int) -> KnownRules {
    guard let previous else { return KnownRules(rules: RuleList(), digests: []) }
    let range = previous.firstRules[position]..<previous.firstRules[position + 1]
    return KnownRules(
      rules: previous.chains[position].rules, digests: previousDigests[range])
  }

  private mutating func append(previousChainAt position: Int) {
    startChains()
    guard let previous else { return }
    chains?.append(previous.chains[position])
  }

  /// Begins the list of chains with those visited so far, which are the last reading's.
  private mutating func startChains() {
    if chains != nil { return }
    var started: [Chain] = []
    started.reserveCapacity((previous?.chains.count ?? visited) + 16)
    started.append(contentsOf: previous?.chains.prefix(visited) ?? [])
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
        let name = unsafe KernelBytes(
          UnsafeRawBufferPointer(start: target, count: strlen(target)))
        rules.append(line: writer.line(of: bytes, targetName: name))
      }
    }
    return rules.trimmed
  }
}

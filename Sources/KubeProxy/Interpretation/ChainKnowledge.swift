internal import Netfilter

/// What is known of the chains of a nat table, each by itself: where it stands on the way to an
/// endpoint, where its rules lead, what they translate.
final class ChainKnowledge: Sendable {
  let content: TableContent
  let stages: [ChainStage]
  /// Where the chains stood in the content known before.
  let pairing: ChainPairing
  let translations: EndpointTranslations
  /// For each chain, the positions of those that it leads to.
  let jumps: JumpTargets

  /// Gathers what is to know; of chains with the same rules as in `former`, what is known already.
  init(_ content: TableContent, _ pairing: ChainPairing, former: ChainKnowledge?) {
    self.content = content
    self.pairing = pairing
    stages = content.chains.indices.map { index in
      if let former, let position = pairing.former(of: index) { return former.stages[position] }
      return ChainStage(content.chains[index].name)
    }
    var reader = ChainReader(content, stages, pairing, former)
    for index in content.chains.indices {
      let isTaken = pairing.unchanged(index).map { reader.take($0) } ?? false
      if !isTaken { reader.read(index) }
    }
    translations = reader.translations
    jumps = reader.jumps
  }
}

extension ChainKnowledge {
  /// The positions of the chains whose rules dispatch.
  var dispatchChains: [Int] { stages.indices.filter { stages[$0] == .dispatch } }

  /// The positions of the service chains that can't be reached from any other chain; ascending.
  var orphans: [Int32] {
    var isReached = stages.map { $0 == .outside || $0 == .dispatch }
    var pending: [Int32] = []
    for chain in stages.indices where isReached[chain] { pending.append(Int32(chain)) }
    while let index = pending.popLast() {
      for target in jumps[Int(index)] where !isReached[Int(target)] {
        isReached[Int(target)] = true
        pending.append(target)
      }
    }
    return isReached.indices.filter { !isReached[$0] }.map(Int32.init)
  }
}

/// Reads one chain after the other.
private struct ChainReader {
  let content: TableContent
  let stages: [ChainStage]
  var translations: EndpointTranslations
  var jumps: JumpTargets
  /// Made for the first name that is to be found.
  private var index: ChainIndex?
  /// For each chain, the last one that was seen to lead to it.
  private var lastSources: [Int32] = []
  private let formerTranslations: EndpointTranslations
  private let formerJumps: JumpTargets
  /// For each chain known before, where it stands now; -1 where it is gone.
  private let positions: [Int32]

  init(
    _ content: TableContent, _ stages: [ChainStage], _ pairing: ChainPairing,
    _ former: ChainKnowledge?
  ) {
    self.content = content
    self.stages = stages
    formerTranslations = former?.translations ?? EndpointTranslations(chainCount: 0)
    formerJumps = former?.jumps ?? JumpTargets(chainCount: 0, former: nil)
    positions = pairing.positionsNow(of: former?.stages.count ?? 0)
    translations = EndpointTranslations(chainCount: stages.count)
    jumps = JumpTargets(chainCount: stages.count, former: former?.jumps)
  }

  /// Takes over what was known of a chain with the same rules, which stood at `position`; false where
  /// it is to be read again.
  mutating func take(_ position: Int) -> Bool {
    guard jumps.append(formerJumps, at: position, now: positions) else { return false }
    translations.append(formerTranslations, at: position)
    return true
  }

  mutating func read(_ chain: Int) {
    let rules = content.chains[chain].rules
    let isEndpoint = stages[chain] == .endpoint
    var found: [EndpointTranslations.Translation] = []
    for position in 0..<rules.count {
      switch rules.outcome(at: position) {
      case .chain(let name) where ChainRole.mayBeService(name): addJump(from: chain, to: name)
      case .destinationNAT(let translation) where isEndpoint:
        found.append(
          EndpointTranslations.Translation(
            rule: Int32(position), destination: TranslatedDestination(translation)))
      default: break
      }
    }
    jumps.endChain()
    translations.append(found)
  }

  private mutating func addJump(from source: Int, to name: ChainName) {
    if index == nil {
      index = ChainIndex(content)
      lastSources = Array(repeating: -1, count: stages.count)
    }
    guard let target = index?.position(of: name) else {
      jumps.appendMissing()
      return
    }
    guard stages[target] == .service || stages[target] == .endpoint,
      lastSources[target] != Int32(source)
    else { return }
    lastSources[target] = Int32(source)
    jumps.append(target)
  }
}

/// Finds chains by name: a hash table of their positions.
///
/// It lives while a map is made. A dictionary of as many names would take five times the memory.
private struct ChainIndex {
  private let content: TableContent
  /// At a name's hash, or behind it: the position of the chain; -1 where there is none.
  private var slots: [Int32]

  init(_ content: TableContent) {
    self.content = content
    let width = Int.bitWidth - (2 * content.chains.count).leadingZeroBitCount
    slots = Array(repeating: -1, count: 1 << width)
    for position in content.chains.indices {
      var slot = firstSlot(content.chains[position].name)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(position)
    }
  }

  /// Where the chain of that name stands; nil where there is none.
  func position(of name: ChainName) -> Int? {
    var slot = firstSlot(name)
    while slots[slot] >= 0 {
      let position = Int(slots[slot])
      if content.chains[position].name == name { return position }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private func firstSlot(_ name: ChainName) -> Int { name.hashValue & (slots.count - 1) }
}

/// Where the chains stand that the rules of a table's chains lead to.
struct JumpTargets: Sendable {
  /// For each chain in turn, the positions of the service ports' and endpoints' chains that it leads
  /// to, each once.
  private var targets: [Int32] = []
  /// For each chain, where its targets begin; one more entry ends the last.
  private var starts: [Int32] = [0]
  /// The chains that lead to one that doesn't exist.
  private var incomplete: Set<Int32> = []

  init(chainCount: Int, former: JumpTargets?) {
    starts.reserveCapacity(chainCount + 1)
    // A few more than before, lest one more doubles the memory.
    if let former { targets.reserveCapacity(former.targets.count + former.targets.count / 16 + 64) }
  }

  /// The positions of the chains that the chain at `index` leads to.
  subscript(index: Int) -> ArraySlice<Int32> {
    targets[Int(starts[index])..<Int(starts[index + 1])]
  }

  /// The next chain leads to that one.
  mutating func append(_ target: Int) { targets.append(Int32(target)) }

  /// The next chain leads to one that doesn't exist.
  mutating func appendMissing() { incomplete.insert(Int32(starts.count - 1)) }

  /// Ends the next chain's targets.
  mutating func endChain() { starts.append(Int32(targets.count)) }

  /// Appends the next chain's targets: what another chain's were before, where those chains stand
  /// now. False, and nothing is appended, where chains that it leads to came or went.
  ///
  /// - Parameter positions: for each chain known before, where it stands now; -1 where it is gone.
  mutating func append(_ former: JumpTargets, at chain: Int, now positions: [Int32]) -> Bool {
    if !former.incomplete.isEmpty, former.incomplete.contains(Int32(chain)) { return false }
    let range = Int(former.starts[chain])..<Int(former.starts[chain + 1])
    for index in range {
      let target = positions[Int(former.targets[index])]
      if target < 0 {
        targets.removeLast(targets.count - Int(starts[starts.count - 1]))
        return false
      }
      targets.append(target)
    }
    endChain()
    return true
  }
}

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

internal import Netfilter

/// The roles and facts of a nat table's chains, and where each stands by name.
struct ChainKnowledge: Sendable {
  let content: TableContent
  let roles: [ChainRole]
  let facts: [ChainFacts]
  /// For each chain, whether it had the same rules in the content known before.
  private let unchanged: [Bool]
  private let index: ChainIndex
  /// For each chain, where it stood in the content known before; -1 where it did not exist.
  let formerPositions: [Int32]
  private let jumpTargets: JumpTargets

  /// Gathers what is to know of the chains; of those that stand in `previous` with the same rules,
  /// what is known already.
  init(_ content: TableContent, previous: ChainKnowledge?) {
    self.content = content
    var roles: [ChainRole] = []
    var facts: [ChainFacts] = []
    roles.reserveCapacity(content.chains.count)
    facts.reserveCapacity(content.chains.count)
    var formerPositions: [Int32] = []
    formerPositions.reserveCapacity(content.chains.count)
    var unchanged = [Bool](repeating: false, count: content.chains.count)
    var newJumps: [(chain: Int, jumps: [ChainName])] = []
    for (index, chain) in content.chains.enumerated() {
      // Chains that share their rules' storage compare in no time.
      let former = previous?.position(of: chain.name, near: index)
      formerPositions.append(former.map(Int32.init) ?? -1)
      if let previous, let known = former, previous.content.chains[known].rules == chain.rules {
        unchanged[index] = true
        roles.append(previous.roles[known])
        facts.append(previous.facts[known])
      } else {
        let role = ChainRole(chain.name)
        roles.append(role)
        let (newFacts, jumps) = ChainFacts.gather(from: chain, role: role)
        facts.append(newFacts)
        if !jumps.isEmpty { newJumps.append((index, jumps)) }
      }
    }
    self.roles = roles
    self.facts = facts
    self.formerPositions = formerPositions
    self.unchanged = unchanged
    index = ChainIndex(content)
    jumpTargets = JumpTargets(
      newJumps, of: content, facts, index, former: formerPositions, unchanged: unchanged,
      previous: previous)
  }

  /// Whether the chain had the same rules in the content known before.
  func isUnchanged(_ index: Int) -> Bool { unchanged[index] }

  /// The positions of the chains that the chain at `index` leads to.
  func jumpTargets(of index: Int) -> ArraySlice<Int32> {
    jumpTargets.targets[Int(jumpTargets.starts[index])..<Int(jumpTargets.starts[index + 1])]
  }

  /// Where the chain of that name stands; nil where there is none.
  func position(of name: ChainName) -> Int? { index.position(of: name) }

  private func position(of name: ChainName, near index: Int) -> Int? {
    if index < content.chains.count, content.chains[index].name == name { return index }
    // One chain more or less shifts all that follow.
    if index > 0, index <= content.chains.count, content.chains[index - 1].name == name {
      return index - 1
    }
    if index + 1 < content.chains.count, content.chains[index + 1].name == name {
      return index + 1
    }
    return position(of: name)
  }
}

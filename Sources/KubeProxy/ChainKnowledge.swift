internal import Netfilter

/// The roles and facts of a nat table's chains, and where each stands by name.
struct ChainKnowledge: Sendable {
  let content: TableContent
  let roles: [ChainRole]
  let facts: [ChainFacts]
  let positions: [ChainName: Int]

  /// Gathers what is to know of the chains; of those that stand in `previous` with the same rules,
  /// what is known already.
  init(_ content: TableContent, previous: ChainKnowledge?) {
    self.content = content
    var roles: [ChainRole] = []
    var facts: [ChainFacts] = []
    roles.reserveCapacity(content.chains.count)
    facts.reserveCapacity(content.chains.count)
    for (index, chain) in content.chains.enumerated() {
      // Chains that share their rules' storage compare in no time.
      if let previous, let known = previous.position(of: chain.name, near: index),
        previous.content.chains[known].rules == chain.rules
      {
        roles.append(previous.roles[known])
        facts.append(previous.facts[known])
      } else {
        let role = ChainRole(chain.name)
        roles.append(role)
        facts.append(ChainFacts(chain, role: role))
      }
    }
    self.roles = roles
    self.facts = facts
    if let previous, previous.hasSameChains(as: content) {
      positions = previous.positions
    } else {
      positions = Dictionary(
        zip(content.chains.lazy.map(\.name), 0...), uniquingKeysWith: { first, _ in first })
    }
  }

  private func position(of name: ChainName, near index: Int) -> Int? {
    if index < content.chains.count, content.chains[index].name == name { return index }
    return positions[name]
  }

  private func hasSameChains(as other: TableContent) -> Bool {
    content.chains.count == other.chains.count
      && zip(content.chains, other.chains).allSatisfy { $0.name == $1.name }
  }
}

import Netfilter
import TestSupport
import Testing

@Suite("Which chains of two contents of a table are the same")
struct ChainPairingTests {
  private func content(_ chains: [Chain]) -> TableContent {
    TableContent(family: .ipv4, name: .nat, chains: chains)
  }

  private func chain(_ name: String, _ rules: Rule..., policy: Verdict? = nil) -> Chain {
    Chain(name: ChainName(stringLiteral: name), policy: policy, rules: RuleList(rules))
  }

  /// Expects what the definition says: a chain is the one of its name.
  private func expectByDefinition(_ old: TableContent?, _ new: TableContent) {
    let pairing = ChainPairing(from: old, to: new)
    for (position, chain) in new.chains.enumerated() {
      let former = old?.chains.firstIndex { $0.name == chain.name }
      let isSame = former.map { old?.chains[$0].rules == chain.rules } ?? false
      #expect(pairing.former(of: position) == former)
      #expect(pairing.unchanged(position) == (isSame ? former : nil))
      #expect(pairing.changed.contains(position) == !isSame)
    }
    #expect(pairing.changed == pairing.changed.sorted())
    let names = Set(new.chains.map(\.name))
    let old = old?.chains ?? []
    #expect(pairing.removed == old.indices.filter { !names.contains(old[$0].name) })
  }

  @Test("Without an old content all chains are new; the same object pairs with itself")
  func ends() {
    let one = content([chain("INPUT", policy: .accept), chain("B", "-j A"), chain("A")])
    expectByDefinition(nil, one)
    expectByDefinition(one, one)
    expectByDefinition(one, content(one.chains))
    expectByDefinition(one, content([]))
    expectByDefinition(content([]), one)
  }

  @Test("Random changes, in sorted lists and in any order", arguments: 0..<200 as Range<UInt64>)
  func random(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let isSorted = seed % 2 == 0
    func some(_ count: Int) -> [Chain] {
      let names = (0..<26).map { String(UnicodeScalar(UInt8(65 + $0))) }
      let chosen = names.shuffled(using: &generator).prefix(count)
      let chains = (isSorted ? chosen.sorted() : Array(chosen)).map { name in
        let rules: [Rule] = (0..<Int.random(in: 0...1, using: &generator)).map { _ in "-j ACCEPT" }
        return Chain(name: ChainName(stringLiteral: name), rules: RuleList(rules))
      }
      return [chain("PREROUTING", policy: .accept)] + chains
    }
    let old = content(some(Int.random(in: 0...24, using: &generator)))
    expectByDefinition(old, content(some(Int.random(in: 0...24, using: &generator))))
  }
}

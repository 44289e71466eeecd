internal import Netfilter

/// What the interpretation needs of a chain's rules, gathered once for each content of it.
struct ChainFacts: Sendable {
  /// The service chains that the rules lead to, each once, in order of first appearance.
  let jumps: [ChainName]
  /// The rules that translate the destination: where in the chain, and to what.
  let translations: [(rule: Int, destination: AddressTranslation)]
  /// The service port that the first comment claims, if the chain is an endpoint's.
  let claim: [UInt8]?

  init(_ chain: Chain, role: ChainRole) {
    var jumps: [ChainName] = []
    var translations: [(rule: Int, destination: AddressTranslation)] = []
    var claim: [UInt8]?
    var seen: Set<ChainName> = []
    var isEndpoint = false
    if case .service(.endpoint, _) = role { isEndpoint = true }
    for (index, rule) in chain.rules.enumerated() {
      if let target = rule.chain, case .service = ChainRole(target),
        seen.insert(target).inserted
      {
        jumps.append(target)
      }
      guard isEndpoint else { continue }
      if case .destinationNAT(let destination) = rule.target {
        translations.append((index, destination))
      }
      if claim == nil { claim = rule.comment.flatMap(ServicePortComment.init)?.literal }
    }
    self.jumps = jumps
    self.translations = translations
    self.claim = claim
  }
}

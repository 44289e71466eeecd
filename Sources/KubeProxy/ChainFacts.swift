internal import Netfilter

/// What the interpretation needs of a chain's rules, gathered once for each content of it.
///
/// There are as many as chains, so they are small: destinations stand as their hashes, which are
/// seeded in each process and so as good as what they stand for.
struct ChainFacts: Sendable {
  /// The service chains that the rules lead to, each once, in order of first appearance.
  let jumps: [ChainName]
  /// The first rule of an endpoint's chain that translates the destination, which nearly always is the
  /// only one.
  private let firstTranslation: Translation?
  private let moreTranslations: [Translation]

  /// A rule that translates the destination.
  struct Translation: Sendable {
    /// The rule's position in the chain.
    let rule: Int32
    let destination: Int
  }

  init(_ chain: Chain, role: ChainRole) {
    var jumps: [ChainName] = []
    var translations: [Translation] = []
    var seen: Set<ChainName> = []
    let isEndpoint = if case .service(.endpoint, _) = role { true } else { false }
    for (index, rule) in chain.rules.enumerated() {
      if let target = rule.chain, case .service = ChainRole(target),
        seen.insert(target).inserted
      {
        jumps.append(target)
      }
      guard isEndpoint else { continue }
      if case .destinationNAT(let destination) = rule.target {
        translations.append(Translation(rule: Int32(index), destination: destination.hashValue))
      }
    }
    self.jumps = jumps
    self.firstTranslation = translations.first
    self.moreTranslations = Array(translations.dropFirst())
  }

  /// The rules of an endpoint's chain that translate the destination, in order.
  func forEachTranslation(_ body: (Translation) -> Void) {
    guard let firstTranslation else { return }
    body(firstTranslation)
    for translation in moreTranslations { body(translation) }
  }
}

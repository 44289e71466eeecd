internal import Netfilter

/// What the interpretation needs of a chain's rules, gathered once for each content of it.
///
/// There are as many as chains, so they are small: destinations stand as their hashes, which are
/// seeded in each process and so as good as what they stand for.
struct ChainFacts: Sendable {
  /// The number of service chains that the rules lead to; ``jumps(of:)`` names them.
  let jumpCount: Int32
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

  /// Gathers the facts, and the service chains that the rules lead to.
  static func gather(from chain: Chain, role: ChainRole) -> (ChainFacts, jumps: [ChainName]) {
    var jumps = DistinctJumps()
    var translations: [Translation] = []
    let isEndpoint = if case .service(.endpoint, _) = role { true } else { false }
    for (index, rule) in chain.rules.enumerated() {
      jumps.insert(rule)
      if isEndpoint, case .destinationNAT(let destination) = rule.target {
        translations.append(Translation(rule: Int32(index), destination: destination.hashValue))
      }
    }
    let facts = ChainFacts(
      jumpCount: Int32(jumps.names.count), firstTranslation: translations.first,
      moreTranslations: Array(translations.dropFirst()))
    return (facts, jumps.names)
  }

  /// The service chains that the chain's rules lead to, each once, in order of first appearance.
  static func jumps(of chain: Chain) -> [ChainName] {
    var jumps = DistinctJumps()
    for rule in chain.rules { jumps.insert(rule) }
    return jumps.names
  }

  private struct DistinctJumps {
    private(set) var names: [ChainName] = []
    private var seen: Set<ChainName> = []

    mutating func insert(_ rule: Rule) {
      guard let target = rule.chain, case .service = ChainRole(target),
        seen.insert(target).inserted
      else { return }
      names.append(target)
    }
  }

  /// The rules of an endpoint's chain that translate the destination, in order.
  func forEachTranslation(_ body: (Translation) -> Void) {
    guard let firstTranslation else { return }
    body(firstTranslation)
    for translation in moreTranslations { body(translation) }
  }
}

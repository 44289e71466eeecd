/// The rules of endpoints' chains that translate the destination.
///
/// Nearly every endpoint's chain has one, and there are as many as endpoints: it takes eight bytes.
struct EndpointTranslations: Sendable {
  struct Translation: Sendable {
    /// The rule's position in its chain.
    let rule: Int32
    let destination: TranslatedDestination
  }

  /// For each chain: 0 where there is none, ``several`` where `others` has them, and else the
  /// destination and, in the lowest byte, the rule's position and 1.
  private var only: [UInt64] = []
  private var others: [Int32: [Translation]] = [:]

  private static let several = UInt64.max

  init(chainCount: Int) { only.reserveCapacity(chainCount) }

  /// Appends the next chain's.
  mutating func append(_ translations: [Translation]) {
    guard let first = translations.first else {
      only.append(0)
      return
    }
    if translations.count == 1, first.rule < 0xfe {
      only.append(first.destination.bits << 8 | UInt64(first.rule + 1))
    } else {
      others[Int32(only.count)] = translations
      only.append(Self.several)
    }
  }

  /// Appends the next chain's, which are what another chain's were before.
  mutating func append(_ former: EndpointTranslations, at chain: Int) {
    let word = former.only[chain]
    if word == Self.several { others[Int32(only.count)] = former.others[Int32(chain)] }
    only.append(word)
  }

  /// Whether the chain has one or more.
  func isAny(of chain: Int) -> Bool { only[chain] != 0 }

  /// Whether the chain has exactly one.
  func isOne(of chain: Int) -> Bool { only[chain] != 0 && only[chain] != Self.several }

  /// A chain's translations, in order.
  func forEach(of chain: Int, _ body: (Translation) -> Void) {
    let word = only[chain]
    if word == Self.several {
      others[Int32(chain)]?.forEach(body)
    } else if word != 0 {
      body(
        Translation(
          rule: Int32(word & 0xff) - 1, destination: TranslatedDestination(bits: word >> 8)))
    }
  }
}

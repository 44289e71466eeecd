internal import Netfilter

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

  mutating func reserveCapacity(_ chainCount: Int) { only.reserveCapacity(chainCount) }

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

  /// Appends those of some chains of another list.
  mutating func append(_ other: EndpointTranslations, _ chains: Range<Int>) {
    for (chain, translations) in other.others where chains.contains(Int(chain)) {
      others[Int32(only.count - chains.lowerBound) + chain] = translations
    }
    only += other.only[chains]
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

/// The destination that a DNAT rule translates to, in 56 bits: one IPv4 address and port as they
/// are, all else as a hash, which is seeded in each process and so as good as what it stands for.
struct TranslatedDestination: Sendable, Hashable {
  let bits: UInt64

  /// Set in hashes.
  private static let isHash: UInt64 = 1 << 55

  init(bits: UInt64) { self.bits = bits }

  init(_ translation: AddressTranslation) {
    let address = translation.first
    let port = UInt64(translation.firstPort)
    let usual = AddressTranslation(
      flags: 3, first: address, last: address, firstPort: translation.firstPort,
      lastPort: translation.firstPort)
    if address.family == .ipv4, translation == usual {
      bits = address.high >> 16 | port
    } else {
      bits = UInt64(bitPattern: Int64(translation.hashValue)) & (Self.isHash - 1) | Self.isHash
    }
  }

  /// Appends `10.0.0.1:8080`; false where only a hash is known.
  func append(to text: inout [UInt8]) -> Bool {
    guard bits & Self.isHash == 0 else { return false }
    for shift in stride(from: UInt64(40), through: 16, by: -8) {
      Self.append(Int(bits >> shift & 0xff), to: &text)
      text.append(shift == 16 ? UInt8(ascii: ":") : UInt8(ascii: "."))
    }
    Self.append(Int(bits & 0xffff), to: &text)
    return true
  }

  private static func append(_ number: Int, to text: inout [UInt8]) {
    if number >= 10 { append(number / 10, to: &text) }
    text.append(UInt8(ascii: "0") + UInt8(number % 10))
  }
}

/// Counts distinct destinations: a handful, nearly always.
struct DestinationCount {
  private var seen: [TranslatedDestination] = []

  mutating func insert(_ destination: TranslatedDestination) { seen.append(destination) }

  /// The number of distinct destinations; counting starts again.
  mutating func take() -> Int {
    defer { seen.removeAll(keepingCapacity: true) }
    guard seen.count > 1 else { return seen.count }
    seen.sort { $0.bits < $1.bits }
    return 1 + zip(seen, seen.dropFirst()).count { $0 != $1 }
  }
}

internal import Netfilter

/// A rule of an endpoint's chain that translates the destination.
struct EndpointTranslation: Sendable {
  /// The rule's position in its chain.
  let rule: Int32
  let destination: TranslatedDestination
}

/// The destination that a DNAT rule translates to, in 64 bits: one IPv4 address and port as they
/// are, all else as a hash, which is seeded in each process and so as good as what it stands for.
struct TranslatedDestination: Sendable, Hashable {
  let bits: UInt64

  /// Set in hashes.
  private static let isHash: UInt64 = 1 << 63

  init(_ translation: AddressTranslation) {
    let address = translation.first
    let port = UInt64(translation.firstPort)
    let usual = AddressTranslation(
      flags: 3, first: address, last: address, firstPort: translation.firstPort,
      lastPort: translation.firstPort)
    if address.family == .ipv4, translation == usual {
      bits = address.high >> 16 | port
    } else {
      bits = UInt64(bitPattern: Int64(translation.hashValue)) | Self.isHash
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

/// A password's bcrypt hash, as `htpasswd -B` writes it: `$2y$10$` and 53 characters.
///
/// The prefixes `$2a$`, `$2b$` and `$2y$` name the same function for any password of today.
public struct BcryptHash: Sendable, Hashable {
  /// The costs taken: 4 is bcrypt's own lower bound; with more than 18 a single check takes longer
  /// than anybody waits for a scrape.
  public static let costs = 4...18

  /// The hash, with the prefix `$2y$`: a system's own doubts about `$2a$` are nobody's wish here.
  public let text: String

  /// The binary logarithm of the number of rounds.
  public let cost: Int

  /// Reads a hash.
  ///
  /// - Throws: ``BcryptHashError``, which does not repeat the text.
  public init(parsing text: String) throws(BcryptHashError) {
    let bytes = Array(text.utf8)
    guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(String(text.prefix(4))),
      bytes[6] == UInt8(ascii: "$"), bytes[7...].allSatisfy(Self.isDigit)
    else {
      throw BcryptHashError(reason: "is not a bcrypt hash ($2a$, $2b$ or $2y$)")
    }
    let digits = bytes[4..<6]
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }),
      let cost = Int(String(decoding: digits, as: UTF8.self)), Self.costs.contains(cost)
    else {
      throw BcryptHashError(
        reason: "has a cost that is not between \(Self.costs.lowerBound) and "
          + "\(Self.costs.upperBound)")
    }
    self.text = "$2y$" + String(decoding: bytes[4...], as: UTF8.self)
    self.cost = cost
  }

  /// Whether a byte is a digit of bcrypt's own base 64.
  private static func isDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x2e...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: false
    }
  }
}

/// A text that is not a ``BcryptHash``.
public struct BcryptHashError: Error, Hashable {
  /// What is wrong with it, to follow a name for it.
  public let reason: String
}

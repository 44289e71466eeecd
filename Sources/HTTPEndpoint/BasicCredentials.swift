import Platform
import WebConfiguration

/// The user and password of a request.
///
/// Counterpart: RFC 7617, Go's `Request.BasicAuth`.
struct BasicCredentials: Equatable {
  /// The name up to the first colon.
  let user: String

  /// The bytes after that colon, which may contain more colons.
  let password: [UInt8]
}

extension BasicCredentials {
  /// Reads an `Authorization` header field; `nil` if it has no credentials of this kind.
  init?(authorization field: String?) {
    guard let field else { return nil }
    let parts = field.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic",
      let bytes = Base64.decode(parts[1].drop { $0 == " " }),
      let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      let user = String(validating: bytes[..<colon], as: UTF8.self)
    else { return nil }
    self.init(user: user, password: Array(bytes[(colon + 1)...]))
  }
}

/// A fingerprint of a password check: who, with which password, against which hash.
///
/// It is keyed by a secret of the process, without which nobody can make or recognise a digest. So
/// the time that it takes to compare or find digests reveals nothing about a password.
struct PasswordDigest: Hashable, Sendable {
  private let code: [UInt8]

  /// Makes the digests of one secret.
  struct Maker: Sendable {
    private let secret = SHA256.Key()

    /// The digest of a check.
    ///
    /// - Parameter isKnown: Whether the hash is the user's. If there is no such user, the hash is
    ///   somebody else's.
    func digest(
      of credentials: BasicCredentials, hash: BcryptHash, isKnown: Bool
    ) -> PasswordDigest {
      // Each part but the last has a fixed length, or its length before it.
      var message: [UInt8] = [isKnown ? 1 : 0]
      message += hash.text.utf8
      message += "\(credentials.user.utf8.count):\(credentials.user)".utf8
      message += credentials.password
      return PasswordDigest(code: secret.code(for: message))
    }

    /// A number that depends only on a name, and that nobody else can guess.
    func number(of name: String) -> UInt64 {
      secret.code(for: Array(name.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}

/// The digests that were inserted last, up to a capacity.
struct PasswordDigestSet {
  private let capacity: Int
  private var members: Set<PasswordDigest> = []
  private var order: [PasswordDigest] = []
  private var oldest = 0

  init(capacity: Int) { self.capacity = capacity }

  func contains(_ digest: PasswordDigest) -> Bool { members.contains(digest) }

  /// Inserts a digest, in place of the oldest one if there are too many.
  mutating func insert(_ digest: PasswordDigest) {
    guard members.insert(digest).inserted else { return }
    if order.count < capacity {
      order.append(digest)
    } else {
      members.remove(order[oldest])
      order[oldest] = digest
      oldest = (oldest + 1) % capacity
    }
  }
}

/// Decodes RFC 4648's base 64 with padding, as credentials are sent.
enum Base64 {
  /// The bytes of a text; `nil` if the text is not base 64.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let bytes = Array(text.utf8)
    guard bytes.count % 4 == 0 else { return nil }
    let padding = bytes.suffix(2).count { $0 == UInt8(ascii: "=") }
    let digits = bytes.dropLast(padding)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count / 4 * 3)
    var bits: UInt32 = 0
    for (index, digit) in digits.enumerated() {
      guard let value = value(of: digit) else { return nil }
      bits = bits << 6 | value
      // Of four digits, each but the first completes a byte.
      if index % 4 > 0 {
        decoded.append(UInt8(truncatingIfNeeded: bits >> (6 - UInt32(index % 4) * 2)))
      }
    }
    return decoded
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

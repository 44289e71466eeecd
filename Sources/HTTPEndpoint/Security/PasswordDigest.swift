import Platform
import WebConfiguration

/// A fingerprint of a password check: who, with which password, against which hash.
///
/// It is keyed by a secret of the process. Without it nobody can make or recognise one, so to compare
/// and to look up digests tells nothing of a password, however long it takes.
struct PasswordDigest: Hashable, Sendable {
  private let code: [UInt8]

  /// Makes the digests of one secret.
  struct Maker: Sendable {
    private let secret = SHA256.Key()

    /// The digest of a check.
    ///
    /// - Parameter isKnown: Whether the hash is the user's; where there is no such user it is
    ///   another's.
    func digest(
      of credentials: BasicCredentials, hash: BcryptHash, isKnown: Bool
    ) -> PasswordDigest {
      // The parts but the last are of a known length, or with it.
      var message: [UInt8] = [isKnown ? 1 : 0]
      message += hash.text.utf8
      message += "\(credentials.user.utf8.count):\(credentials.user)".utf8
      message += credentials.password
      return PasswordDigest(code: secret.code(for: message))
    }

    /// A number that depends on a name only, and that nobody else can tell.
    func number(of name: String) -> UInt64 {
      secret.code(for: Array(name.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}

/// The last digests that were put in, up to a number.
struct PasswordDigestSet {
  private let capacity: Int
  private var members: Set<PasswordDigest> = []
  private var order: [PasswordDigest] = []
  private var oldest = 0

  init(capacity: Int) { self.capacity = capacity }

  func contains(_ digest: PasswordDigest) -> Bool { members.contains(digest) }

  /// Puts a digest in, in place of the oldest one where there are too many.
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

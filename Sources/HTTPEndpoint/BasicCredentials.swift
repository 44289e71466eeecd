import CCrypt
import Glibc
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

/// bcrypt, computed by the system's library.
///
/// Counterpart: `crypt_rn`.
enum Bcrypt {
  /// How many bytes of a password count; bcrypt ignores the others.
  private static let maxPasswordBytes = 72

  /// The characters at the end of a hash that depend on the password.
  private static let checksumLength = 31

  /// Whether a hash is the password's.
  ///
  /// The time depends on the cost of the hash, not on the answer. A password with a zero byte
  /// matches nothing, because the library would ignore what follows that byte.
  static func matches(_ password: [UInt8], _ hash: BcryptHash) -> Bool {
    guard !password.contains(0) else { return false }
    let size = Int(CCrypt_dataSize)
    let data = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    unsafe data.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    defer {
      unsafe explicit_bzero(data, size)
      unsafe data.deallocate()
    }
    let phrase = password.prefix(maxPasswordBytes).map { CChar(truncatingIfNeeded: $0) } + [0]
    guard let computed = unsafe crypt_rn(phrase, hash.text, data, CInt(size)) else { return false }
    let characters = unsafe UnsafeBufferPointer(start: computed, count: strlen(computed))
    return isSame(
      unsafe characters.suffix(checksumLength).map { UInt8(truncatingIfNeeded: $0) },
      Array(hash.text.utf8.suffix(checksumLength)))
  }

  /// Compares two arrays, in a time that does not depend on the place of a difference.
  private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

/// Checks passwords one at a time, on a thread of its own.
actor BcryptWorker {
  private let executor = BlockingExecutor(label: "bcrypt")

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// Whether the hash is the password's, and how long the check took.
  func check(_ password: [UInt8], _ hash: BcryptHash) -> (matches: Bool, time: Duration) {
    let start = ContinuousClock.now
    let matches = Bcrypt.matches(password, hash)
    return (matches, .now - start)
  }
}

/// The checks that are reserved for existing users. They let a user in while others guess.
///
/// The result is true only for a right password. It does not distinguish a wrong password from one
/// that was not checked, so ``PasswordChecker`` can answer as it does for users that don't exist.
actor ReservedChecks {
  private let worker = BcryptWorker()
  private var budget: ProcessorBudget
  /// The hashes that a password waits for or is checked against; each has one password at a time.
  private var hashes: Set<BcryptHash> = []
  private var isWorking = false

  init(budget: ProcessorBudget) { self.budget = budget }

  /// Whether the password was checked and is right.
  ///
  /// - Parameter end: The time after which no check begins.
  func accepts(
    _ password: [UInt8], _ hash: BcryptHash, until end: ContinuousClock.Instant
  ) async -> Bool {
    guard hashes.insert(hash).inserted else { return false }
    defer { hashes.remove(hash) }
    while isWorking || budget.delay() > .zero {
      guard ContinuousClock.now < end, !Task.isCancelled else { return false }
      try? await Task.sleep(for: .milliseconds(20))
    }
    isWorking = true
    defer { isWorking = false }
    let (matches, time) = await worker.check(password, hash)
    if !matches { budget.spend(time) }
    return matches
  }
}

import CCrypt
import Glibc
import Platform
import WebConfiguration

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

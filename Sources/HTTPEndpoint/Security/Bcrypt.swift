import CCrypt
import Glibc
import Platform
import WebConfiguration

/// bcrypt as the system's library computes it.
///
/// Counterpart: `crypt_rn`.
enum Bcrypt {
  /// The bytes of a password that count; what follows them never did.
  private static let maxPasswordBytes = 72

  /// The characters at the end of a hash that depend on the password.
  private static let checksumLength = 31

  /// Whether the hash is the password's.
  ///
  /// The time it takes depends on the cost of the hash, not on what the answer is. A password with a
  /// zero byte matches nothing: for the library it would end there.
  static func matches(_ password: [UInt8], _ hash: BcryptHash) -> Bool {
    guard !password.contains(0) else { return false }
    let size = Int(CCrypt_dataSize)
    let data = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    unsafe data.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    defer {
      unsafe explicit_bzero(data, size)
      unsafe data.deallocate()
    }
    let phrase = password.prefix(maxPasswordBytes).map { CChar(bitPattern: $0) } + [0]
    guard let computed = unsafe crypt_rn(phrase, hash.text, data, CInt(size)) else { return false }
    let characters = unsafe UnsafeBufferPointer(start: computed, count: strlen(computed))
    return isSame(
      unsafe characters.suffix(checksumLength).map { UInt8(bitPattern: $0) },
      Array(hash.text.utf8.suffix(checksumLength)))
  }

  /// Compares in a time that does not depend on where a difference is.
  private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

/// Checks passwords one at a time, on a thread that nothing else needs.
actor BcryptWorker {
  private let executor = BlockingExecutor(label: "bcrypt")

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// Whether the hash is the password's, and how long it took to know.
  func check(_ password: [UInt8], _ hash: BcryptHash) -> (matches: Bool, time: Duration) {
    let start = ContinuousClock.now
    let matches = Bcrypt.matches(password, hash)
    return (matches, .now - start)
  }
}

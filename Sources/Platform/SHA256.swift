internal import CSodium

/// SHA-256 (FIPS 180-4) and its keyed form, HMAC-SHA-256 (RFC 2104), computed by libsodium.
///
/// Compare codes only with codes of the same key. Without the key nobody can choose the bytes that
/// are compared, so the time that a comparison takes reveals nothing.
public enum SHA256 {
  /// The 32 bytes of a message's digest.
  public static func digest(of message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    // It always returns 0.
    _ = unsafe crypto_hash_sha256(&digest, message, UInt64(message.count))
    return digest
  }

  /// A secret that codes are made with.
  public struct Key: Sendable {
    private let bytes: [UInt8]

    /// Creates a key of 256 random bits.
    public init() {
      var generator = SystemRandomNumberGenerator()
      bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Creates a key of 32 given bytes, as a test does; nil for any other number of bytes.
    init?(_ bytes: [UInt8]) {
      guard bytes.count == 32 else { return nil }
      self.bytes = bytes
    }

    /// The 32 bytes of a message's code. Without the key nobody can make or recognise them.
    public func code(for message: [UInt8]) -> [UInt8] {
      var code = [UInt8](repeating: 0, count: 32)
      _ = unsafe crypto_auth_hmacsha256(&code, message, UInt64(message.count), bytes)
      return code
    }
  }
}

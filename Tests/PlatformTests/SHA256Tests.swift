import Testing

@testable import Platform

@Suite("SHA-256 and HMAC")
struct SHA256Tests {
  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The examples of FIPS 180-2, appendix B, and the empty message.
  @Test(
    "Digests are those of the published examples",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ])
  func digest(_ message: String, _ expected: String) {
    #expect(Self.hexadecimal(SHA256.digest(of: Array(message.utf8))) == expected)
  }

  /// RFC 4231's first two cases, whose keys are padded with zeros to 32 bytes here, as HMAC does itself.
  @Test(
    "Keyed codes are those of RFC 4231",
    arguments: [
      (
        [UInt8](repeating: 0x0b, count: 20), "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
    ])
  func code(_ key: [UInt8], _ message: String, _ expected: String) throws {
    let padded = key + [UInt8](repeating: 0, count: 32 - key.count)
    let code = try #require(SHA256.Key(padded)).code(for: Array(message.utf8))
    #expect(Self.hexadecimal(code) == expected)
  }

  @Test("Each new key makes other codes")
  func newKeys() {
    #expect(SHA256.Key().code(for: [1]) != SHA256.Key().code(for: [1]))
  }

  @Test("A key has 32 bytes")
  func keyLength() {
    #expect(SHA256.Key([1, 2, 3]) == nil)
  }
}

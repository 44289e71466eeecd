import Testing

@testable import HTTPEndpoint
@testable import WebConfiguration

@Suite struct BcryptTests {
  @Test(arguments: [
    // From the test vectors of crypt_blowfish.
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
    // The password of the toolkit's documentation for users that don't exist.
    ("fakepassword", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"),
  ])
  func `a known hash is matched by its password only`(password: String, hash: String) throws {
    let hash = try BcryptHash(parsing: hash)
    #expect(Bcrypt.matches(Array(password.utf8), hash))
    #expect(!Bcrypt.matches(Array((password + "a").utf8), hash))
    #expect(!Bcrypt.matches(Array(password.utf8.dropLast()) + [0xff], hash))
  }

  @Test func `bytes beyond ASCII count as what they are`() throws {
    let hash = try BcryptHash(
      parsing: "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e")
    #expect(Bcrypt.matches([0xff, 0xff, 0xa3], hash))
    #expect(!Bcrypt.matches([0xa3], hash))
  }

  @Test func `what follows the 72nd byte does not count, however long it is`() throws {
    let hash = try Users.hash(of: String(repeating: "a", count: 72))
    for count in [72, 73, 600, 10_000] {
      #expect(Bcrypt.matches([UInt8](repeating: 0x61, count: count), hash))
    }
    #expect(!Bcrypt.matches([UInt8](repeating: 0x61, count: 71), hash))
  }

  @Test func `a password does not end at a zero byte`() throws {
    #expect(!Bcrypt.matches(Array("secret\0more".utf8), try Users.hash(of: "secret")))
    #expect(!Bcrypt.matches([0], try Users.hash(of: "")))
  }
}

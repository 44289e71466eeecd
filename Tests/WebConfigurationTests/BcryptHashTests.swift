import Testing

@testable import WebConfiguration

@Suite struct BcryptHashTests {
  private static let rest = "10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"

  @Test(arguments: ["a", "b", "y"])
  func `every prefix of today means the same`(letter: String) throws {
    let hash = try BcryptHash(parsing: "$2\(letter)$" + Self.rest)
    #expect(hash.text == "$2y$" + Self.rest)
  }

  @Test(arguments: [
    "", "secret", "$1$salt$qJH7.N4xYta3aEG/dfqo/0", "$2$\(rest)", "$2x$\(rest)", "$2y$\(rest)a",
    "$2y$\(rest.dropLast())", "$2y$\(rest.dropLast())!", "$2y$\(rest.dropLast(2))é",
    "$2y$1010\(rest.dropFirst(4))", "{SHA}\(rest)",
  ])
  func `what is no bcrypt hash is refused`(text: String) {
    let error = #expect(throws: BcryptHashError.self) { try BcryptHash(parsing: text) }
    #expect(error?.reason == "is not a bcrypt hash ($2a$, $2b$ or $2y$)")
  }

  @Test(arguments: ["00", "03", "19", "31", "99", "1a", "+5", " 9"])
  func `a cost beyond reason is refused`(cost: String) {
    let text = "$2y$\(cost)\(Self.rest.dropFirst(2))"
    let error = #expect(throws: BcryptHashError.self) { try BcryptHash(parsing: text) }
    #expect(error?.reason == "has a cost that is not between 4 and 18")
  }
}

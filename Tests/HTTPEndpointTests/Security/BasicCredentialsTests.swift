import Testing

@testable import HTTPEndpoint

@Suite struct BasicCredentialsTests {
  @Test(arguments: [
    ("Basic YWxpY2U6c2VjcmV0", "alice", "secret"), ("basic YWxpY2U6c2VjcmV0", "alice", "secret"),
    ("BASIC   YWxpY2U6c2VjcmV0", "alice", "secret"), ("Basic YTpiOmM6", "a", "b:c:"),
    ("Basic Og==", "", ""), ("Basic YTo=", "a", ""), ("Basic OmI=", "", "b"),
    ("Basic SsO8cmdlbjpww6Rzc3fDtnJkIOKckw==", "Jürgen", "pässwörd ✓"),
  ])
  func `credentials are read`(field: String, user: String, password: String) {
    let credentials = BasicCredentials(authorization: field)
    #expect(credentials == BasicCredentials(user: user, password: Array(password.utf8)))
  }

  @Test(arguments: [
    nil, "", "Basic", "Basic ", "Bearer YWxpY2U6c2VjcmV0", "BasicYWxpY2U6c2VjcmV0",
    "Basic YWxpY2U=", "Basic YWxpY2U6c2VjcmV", "Basic YWxpY2U6c2VjcmV0====", "Basic YTo",
    "Basic YWxp Y2U6", "Basic YWxpY2U6_-__", "Basic =Og=", "Basic /zpi", "Basic YTo=YTo=",
  ])
  func `what is no such credentials is not taken for them`(field: String?) {
    #expect(BasicCredentials(authorization: field) == nil)
  }

  @Test func `a password may be any bytes`() {
    let credentials = BasicCredentials(authorization: "Basic YTr/AA==")
    #expect(credentials == BasicCredentials(user: "a", password: [0xff, 0x00]))
  }

  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"), ("\u{3e}\u{3f}\u{fb}\u{ff}", "Pj/Du8O/"),
  ])
  func `base 64 is decoded as in RFC 4648`(text: String, encoded: String) {
    #expect(Base64.decode(encoded) == Array(text.utf8))
  }
}

/// The user and password of a request.
///
/// Counterpart: RFC 7617, Go's `Request.BasicAuth`.
struct BasicCredentials: Equatable {
  /// The name up to the first colon.
  let user: String

  /// All that follows it, colons included, in the bytes the client chose.
  let password: [UInt8]

  init(user: String, password: [UInt8]) {
    self.user = user
    self.password = password
  }

  /// Reads an `Authorization` header field; `nil` where it has no credentials of this kind.
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

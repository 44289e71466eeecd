import Exposition
@testable import HTTPEndpoint
@testable import Page

/// What a client sends, each as if it stood where it is read: in the request line, or in a header field.
enum HTTPDomain {
  static func check(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    checkTarget(text, bytes)
    checkCredentials(text, bytes)
    checkAddress(text)
    checkPage(text)
    _ = AcceptEncoding(text)
    _ = ExpositionFormat.negotiate(accept: text)
  }

  private static func checkTarget(_ text: String, _ bytes: [UInt8]) {
    let target = RequestTarget(text)
    require(target.path.utf8.count <= 3 * text.utf8.count + 1, "a path doesn't grow")
    if bytes.isEmpty { return }
    let escaped = bytes.map { "%" + hexadecimal($0) }.joined()
    let whole = RequestTarget("/\(escaped)?\(escaped)=\(escaped)&\(escaped)")
    require(whole.path == "/" + text, "an escaped path comes out as it was")
    require(whole.query.map(\.name) == [text, text], "and so do the names of a query")
    require(whole.query.map(\.value) == [text, ""], "and its values")
  }

  /// A link of the page leads to the page that it was written for.
  private static func checkPage(_ text: String) {
    let query = PageRequest(query: RequestTarget("/?" + text).query).query
    require(
      PageRequest(query: RequestTarget("/" + query).query).query == query, "a link leads to itself")
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }

  private static func checkCredentials(_ text: String, _ bytes: [UInt8]) {
    _ = Base64.decode(text)
    _ = BasicCredentials(authorization: text)
    _ = BasicCredentials(authorization: "Basic " + text)
    let encoded = Base64Text.encode(bytes)
    require(Base64.decode(encoded) == bytes, "base 64 is decoded as it was encoded")
    let credentials = BasicCredentials(authorization: "bAsIc  " + encoded)
    let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
    guard let colon, let user = String(validating: bytes[..<colon], as: UTF8.self) else {
      return require(credentials == nil, "credentials have a user")
    }
    let password = Array(bytes[(colon + 1)...])
    require(
      credentials == BasicCredentials(user: user, password: password), "and all of the password")
  }

  private static func checkAddress(_ text: String) {
    guard let address = try? ListenAddress(parsing: text) else { return }
    require(
      (try? ListenAddress(parsing: address.description)) == address,
      "an address is read as it is written")
  }
}

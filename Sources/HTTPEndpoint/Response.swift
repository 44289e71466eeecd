/// A handler's answer.
///
/// The server adds what concerns the transfer: `Content-Length`, `Content-Encoding`, `Vary`,
/// `Connection`, and `X-Content-Type-Options`.
public struct Response: Sendable {
  /// The status code, such as 200.
  public var status: Int

  /// The body's media type, with its character set.
  public var contentType: String

  /// Further header fields.
  public var headers: [(name: String, value: String)]

  /// The body in segments, sent one after the other.
  ///
  /// A segment is the unit of compression: one that is the same as in an earlier response costs
  /// next to nothing, so what changes belongs in another segment than what does not.
  public var body: [[UInt8]]

  /// Creates a response.
  public init(
    status: Int = 200, contentType: String, headers: [(name: String, value: String)] = [],
    body: [[UInt8]]
  ) {
    self.status = status
    self.contentType = contentType
    self.headers = headers
    self.body = body
  }

  /// A response of plain text in UTF-8.
  public static func text(_ status: Int, _ text: String) -> Response {
    Response(
      status: status, contentType: "text/plain; charset=utf-8", body: [Array(text.utf8)])
  }

  /// A response of HTML in UTF-8.
  public static func html(_ status: Int, _ text: String) -> Response {
    Response(status: status, contentType: "text/html; charset=utf-8", body: [Array(text.utf8)])
  }
}

/// A request as a handler sees it. Its body was read and dropped.
public struct Request: Sendable {
  /// The methods the server answers; all others end before a handler is called.
  public enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
  }

  /// What is asked for. A handler need not care: the server omits the body after `HEAD`.
  public let method: Method

  /// The path, percent-decoded, without the query; it begins with a slash.
  public let path: String

  /// The query's parameters in their order, percent-decoded, `+` read as a space. A name may occur
  /// more than once; a parameter without `=` has an empty value.
  public let query: [(name: String, value: String)]

  /// The client's IP address, without its port. An IPv4 client of a dual-stack socket shows as
  /// IPv4; empty where the connection is already gone.
  public let remoteAddress: String

  private let headers: [(name: String, value: String)]

  /// Creates a request, as a test of a handler does.
  public init(
    method: Method = .get, path: String, query: [(name: String, value: String)] = [],
    headers: [(name: String, value: String)] = [], remoteAddress: String = ""
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.remoteAddress = remoteAddress
  }

  /// The values of a header field, joined by `, ` where it occurs more than once; `nil` without
  /// one.
  ///
  /// Names of header fields are compared without regard to case.
  public func header(_ name: String) -> String? {
    let name = name.lowercased()
    let values = headers.filter { $0.name.lowercased() == name }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }
}

/// What answers the requests for one path.
///
/// It runs off the event loop, several at a time. Its task is cancelled when the server stops
/// before it has answered.
public typealias RequestHandler = @Sendable (Request) async -> Response

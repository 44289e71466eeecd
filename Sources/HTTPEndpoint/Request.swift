import Exposition

/// A request as a handler gets it. Its body was read and dropped.
public struct Request: Sendable {
  /// The methods that reach a handler; the server refuses all others.
  public enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
  }

  /// The method. A handler may ignore it: the server leaves out the body after `HEAD`.
  public let method: Method

  /// The path, percent-decoded, without the query; it begins with a slash.
  public let path: String

  /// The query's parameters in their order, percent-decoded, with `+` read as a space. A name may
  /// occur more than once. A parameter without `=` has an empty value.
  public let query: [(name: String, value: String)]

  let headers: [(name: String, value: String)]

  /// The client's IP address, without its port; empty if the connection is already gone. An IPv4
  /// client of a dual-stack socket has its IPv4 address.
  public let remoteAddress: String

  /// The value of a header field, or `nil`. Several fields of a name are joined by `, `.
  ///
  /// Names are compared without regard to case.
  public func header(_ name: String) -> String? {
    let name = name.lowercased()
    let values = headers.filter { $0.name.lowercased() == name }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }
}

/// Answers the requests for one path.
///
/// Handlers run outside the event loop, several at a time. A handler's task is cancelled if the
/// server stops before the handler has answered.
public typealias RequestHandler = @Sendable (Request) async -> Response

/// A handler's answer.
///
/// The server adds the header fields of the transfer: `Content-Length`, `Content-Encoding`, `Vary`,
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
  /// A segment is the unit of compression. A segment that was in an earlier response costs next to
  /// nothing, so parts that change should be in other segments than parts that do not.
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

  /// Creates a response of plain text in UTF-8.
  public static func text(_ status: Int, _ text: String) -> Response {
    Response(
      status: status, contentType: "text/plain; charset=utf-8", body: [Array(text.utf8)])
  }
}

/// The path and the query of a request line.
///
/// It accepts both forms that a client may send: `/metrics?name=a` and
/// `http://host/metrics?name=a`. A percent sign that escapes nothing stands for itself. Bytes that
/// are not UTF-8 are replaced.
struct RequestTarget {
  let path: String
  let query: [(name: String, value: String)]

  init(_ text: String) {
    let parts = Self.originForm(text[...]).split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = Self.decode(parts[0], plusIsSpace: false)
    guard parts.count == 2 else {
      query = []
      return
    }
    query = parts[1].split(separator: "&").map { parameter in
      let sides = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        name: Self.decode(sides[0], plusIsSpace: true),
        value: sides.count == 2 ? Self.decode(sides[1], plusIsSpace: true) : ""
      )
    }
  }

  /// The target without scheme and authority.
  private static func originForm(_ text: Substring) -> Substring {
    for scheme in ["http://", "https://"] where text.lowercased().hasPrefix(scheme) {
      let rest = text.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
      return rest.hasPrefix("/") ? rest : "/" + rest
    }
    return text
  }

  private static func decode(_ text: Substring, plusIsSpace: Bool) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(text)
    }
    var decoded: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let escaped = escapedByte(rest.prefix(2)) {
        decoded.append(escaped)
        rest = rest.dropFirst(2)
      } else if byte == UInt8(ascii: "+"), plusIsSpace {
        decoded.append(UInt8(ascii: " "))
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func escapedByte(_ digits: Substring.UTF8View) -> UInt8? {
    let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    return values.count == 2 ? UInt8(values[0] << 4 | values[1]) : nil
  }
}

/// Whether a client accepts a gzip body, by its header field `Accept-Encoding`.
///
/// Gzip is used if its weight is above zero and not below the weight of `identity`. For example,
/// `gzip;q=0.8, identity;q=0.5` accepts it. The weight of `*` counts if gzip is not named. Invalid
/// weights count as zero. Without the field nothing is compressed.
struct AcceptEncoding {
  let allowsGzip: Bool

  init(_ field: String?) {
    var weights: [String: Double] = [:]
    for coding in AcceptedValue.list(field) {
      weights[coding.name] = (0...1).contains(coding.weight) ? coding.weight : 0
    }
    let gzip = weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0
    allowsGzip = gzip > 0 && gzip >= weights["identity"] ?? 0
  }
}

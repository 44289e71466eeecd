/// A web configuration file: TLS, users, header fields of responses, and a rate limit.
///
/// The format is that of Prometheus' exporter-toolkit, which other exporters' `--web.config.file`
/// takes. Unknown keys and repeated keys are errors. `http2` is read and has no effect, because the
/// server speaks HTTP/1.1.
public struct WebConfiguration: Sendable {
  /// How connections are encrypted; `nil` for plain HTTP.
  public let tls: TLSSettings?

  /// The header fields that are added to responses, unless a response has a field of that name.
  public let headers: [ResponseHeader]

  /// The users that may send requests, with their hashes. If there is none, everybody may.
  public let users: [String: BcryptHash]

  /// How many requests are served; `nil` for no limit.
  public let rateLimit: RateLimit?

  /// Whether the file was empty, or had only comments.
  public let isEmpty: Bool

  /// Reads a configuration.
  ///
  /// - Parameters:
  ///   - text: The content of the file.
  ///   - path: The path of the file. Relative paths in the file are relative to its directory.
  /// - Throws: ``ConfigurationError`` with the place of the fault.
  public init(parsing text: [UInt8], path: String) throws(ConfigurationError) {
    do throws(TextFault) {
      try self.init(try YAMLComposer.compose(text), directory: Self.directory(of: path))
    } catch {
      throw ConfigurationError(path: path, position: error.position, reason: error.reason)
    }
  }

  private init(_ root: YAMLNode?, directory: String) throws(TextFault) {
    let section = try Section(
      root, named: "the configuration",
      keys: ["tls_server_config", "http_server_config", "rate_limit", "basic_auth_users"])
    let server = try Section(
      section.node("http_server_config"), named: "http_server_config", keys: ["http2", "headers"])
    _ = try server.boolean("http2")
    tls = try TLSSettings.parse(section.node("tls_server_config"), relativeTo: directory)
    headers = try Self.headers(of: server.node("headers"))
    rateLimit = try RateLimit.parse(section.node("rate_limit"))
    users = try Self.users(of: section.node("basic_auth_users"))
    isEmpty = root?.isNull ?? true
  }

  private static func headers(of node: YAMLNode?) throws(TextFault) -> [ResponseHeader] {
    var headers: [ResponseHeader] = []
    for entry in try Section.entries(of: node, named: "headers") {
      let value = try entry.value.text(of: "the header \(entry.key.value)")
      if let header = try ResponseHeader.parse(name: entry.key, value: value) {
        headers.append(header)
      }
    }
    return headers
  }

  private static func users(of node: YAMLNode?) throws(TextFault) -> [String: BcryptHash] {
    var users: [String: BcryptHash] = [:]
    for entry in try Section.entries(of: node, named: "basic_auth_users") {
      let name = entry.key.value
      if name.contains(":") {
        throw TextFault(
          at: entry.key.position, "the user \"\(name)\" has a colon in the name: nobody can log in")
      }
      let hash = try entry.value.text(of: "the hash of user \"\(name)\"")
      do {
        users[name] = try BcryptHash(parsing: hash.value)
      } catch {
        throw TextFault(
          at: hash.position, "the password hash of user \"\(name)\" \(error.reason)")
      }
    }
    return users
  }

  /// The directory of a path, with its last slash; empty for the current directory.
  private static func directory(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }
}

/// How many requests are served: one in each interval, and several at once after a lull.
///
/// Counterpart: exporter-toolkit's `RateLimiterConfig`.
public struct RateLimit: Sendable, Equatable {
  /// The time between two requests.
  public let interval: Duration
  /// How many requests may come at once. If it is below 1, no request is served.
  public let burst: Int

  /// Reads `rate_limit`; `nil` if requests are not limited, as with an interval of 0 or less.
  ///
  /// - Throws: ``TextFault`` if a value can't be read.
  fileprivate static func parse(_ node: YAMLNode?) throws(TextFault) -> RateLimit? {
    let section = try Section(node, named: "rate_limit", keys: ["interval", "burst"])
    let interval = try section.duration("interval") ?? .zero
    let burst = try section.integer("burst") ?? 0
    return interval > .zero ? RateLimit(interval: interval, burst: burst) : nil
  }
}

/// A header field that the configuration adds to responses.
public struct ResponseHeader: Sendable, Hashable {
  public let name: String
  public let value: String

  /// The fields that may be added, with their allowed values; any value if there is none.
  ///
  /// Counterpart: exporter-toolkit's `extraHTTPHeaders`.
  private static let allowed: [String: [String]] = [
    "Content-Security-Policy": [],
    "Strict-Transport-Security": [],
    "X-Content-Type-Options": ["nosniff"],
    "X-Frame-Options": ["deny", "sameorigin"],
    "X-XSS-Protection": [],
  ]

  /// Reads a field; `nil` if the value is empty, which unsets the field.
  ///
  /// - Throws: ``TextFault`` if the field is not allowed, or if its value is not.
  fileprivate static func parse(
    name: Positioned<String>, value: Positioned<String>
  ) throws(TextFault) -> ResponseHeader? {
    guard let values = allowed[name.value] else {
      let known = allowed.keys.sorted().joined(separator: ", ")
      throw TextFault(
        at: name.position, "the header \"\(name.value)\" can't be configured (known: \(known))")
    }
    if value.value.isEmpty { return nil }
    // A line break would begin another header field.
    guard value.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
      throw TextFault(at: value.position, "the header \(name.value) has a control character")
    }
    guard values.isEmpty || values.contains(value.value) else {
      throw TextFault(
        at: value.position,
        "the header \(name.value) can't be \"\(value.value)\" "
          + "(known: \(values.joined(separator: ", ")))")
    }
    return ResponseHeader(name: name.value, value: value.value)
  }
}

/// A password's bcrypt hash, as `htpasswd -B` writes it: `$2y$10$` and 53 characters.
///
/// The prefixes `$2a$`, `$2b$` and `$2y$` name the same function for today's passwords.
public struct BcryptHash: Sendable, Hashable {
  /// The accepted costs, which are binary logarithms of the number of rounds. 4 is bcrypt's own
  /// minimum. Above 18, a single check takes longer than anybody waits for a scrape.
  private static let costs = 4...18

  /// The hash with the prefix `$2y$`, because some systems treat `$2a$` in their own way.
  public let text: String

  /// Reads a hash.
  ///
  /// - Throws: ``BcryptHashError``, which does not repeat the text.
  init(parsing text: String) throws(BcryptHashError) {
    let bytes = Array(text.utf8)
    guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(String(text.prefix(4))),
      bytes[6] == UInt8(ascii: "$"), bytes[7...].allSatisfy(Self.isDigit)
    else {
      throw BcryptHashError(reason: "is not a bcrypt hash ($2a$, $2b$ or $2y$)")
    }
    let digits = bytes[4..<6]
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }),
      let cost = Int(String(decoding: digits, as: UTF8.self)), Self.costs.contains(cost)
    else {
      throw BcryptHashError(
        reason: "has a cost that is not between \(Self.costs.lowerBound) and "
          + "\(Self.costs.upperBound)")
    }
    self.text = "$2y$" + String(decoding: bytes[4...], as: UTF8.self)
  }

  /// Whether a byte is a digit of bcrypt's variant of base 64.
  private static func isDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x2e...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: false
    }
  }
}

/// A text that is not a ``BcryptHash``.
struct BcryptHashError: Error, Hashable {
  /// What is wrong, in words that follow a name for the hash.
  let reason: String
}

/// What a web configuration file says: TLS, users, and header fields of responses.
///
/// The format is that of Prometheus' exporter-toolkit, the same that `--web.config.file` takes
/// elsewhere. It is read strictly: an unknown key is an error, and so is a key that is given twice.
/// `http2` is read and has no effect: the server speaks HTTP/1.1.
public struct WebConfiguration: Sendable {
  /// How to do TLS; `nil` for plain HTTP.
  public let tls: TLSSettings?

  /// The header fields that responses get where they have none of that name.
  public let headers: [ResponseHeader]

  /// The users that may send requests, with their passwords' hashes; where there is none, everybody
  /// may.
  public let users: [String: BcryptHash]

  /// How many requests are served; `nil` for as many as come.
  public let rateLimit: RateLimit?

  /// Whether the text had no content: an empty file, or nothing but comments.
  public let isEmpty: Bool

  /// Reads a configuration.
  ///
  /// - Parameters:
  ///   - text: The content of the file.
  ///   - path: Its path, to which others in it are relative.
  /// - Throws: ``ConfigurationError`` with the place of what is wrong.
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

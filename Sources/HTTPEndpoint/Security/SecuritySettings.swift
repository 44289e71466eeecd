import Platform
import WebConfiguration

/// The files of a configuration by their paths, as they were when they were last read; `nil` for one
/// that was not there.
typealias FileSignatures = [String: FileSignature?]

/// What is in force of a web configuration: its values, with the certificates read.
struct SecuritySettings: Sendable {
  /// How connections are encrypted; `nil` for plain HTTP.
  let tls: TLSPolicy?

  /// Who may send requests; where there is none, everybody may.
  let users: [String: BcryptHash]

  /// The header fields that responses get where they have none of that name.
  let headers: [ResponseHeader]

  /// How many requests are served; `nil` for as many as come.
  let rateLimit: RateLimit?

  /// Whether the file had no content.
  let isEmpty: Bool

  /// Thousands of users fit in.
  private static let maxBytes = 1 << 20

  /// Reads the configuration and the files it names.
  ///
  /// - Parameter files: Gets the signature of each file that was read, or should have been, from
  ///   before the reading.
  /// - Throws: ``ConfigurationError``.
  init(loading path: String, files: inout FileSignatures) throws(ConfigurationError) {
    files = [path: FileSignature(of: path)]
    let text: [UInt8]
    do {
      text = try FileBytes.read(path: path, limit: Self.maxBytes, accepting: .regularFiles)
    } catch {
      throw ConfigurationError(path: path, position: nil, reason: "cannot read it: \(error)")
    }
    let configuration = try WebConfiguration(parsing: text, path: path)
    if let settings = configuration.tls {
      for file in settings.files { files[file] = .some(FileSignature(of: file)) }
      tls = try TLSPolicy(settings, from: path)
    } else {
      tls = nil
    }
    users = configuration.users
    headers = configuration.headers
    rateLimit = configuration.rateLimit
    isEmpty = configuration.isEmpty
  }

  /// Why these must not take the place of others while the server runs; `nil` where they may.
  ///
  /// A file that is cut short, as by a full disk, can be valid. It must not open what was closed.
  func objection(toReplacing current: SecuritySettings) -> String? {
    if isEmpty, !current.isEmpty { return "it is empty" }
    if (tls == nil) != (current.tls == nil) {
      return "TLS can't be turned \(tls == nil ? "off" : "on") without a restart"
    }
    if users.isEmpty, !current.users.isEmpty {
      return "authentication can't be turned off without a restart"
    }
    return nil
  }
}

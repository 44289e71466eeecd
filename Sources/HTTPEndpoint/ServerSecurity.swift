public import Logging
import NIOHTTP1
import Platform
import Synchronization
public import WebConfiguration

/// Encryption, authentication and header fields of responses, by a web configuration file.
///
/// The file's format is that of Prometheus' exporter-toolkit, see ``WebConfiguration``. When a
/// connection or a request arrives, but at most once a second, the file and its certificates are
/// checked for changes and read again if there are any. A file that was written within the last
/// second is not read before it has settled. If a file is faulty, the fault is logged once, and the
/// former settings stay in force.
///
/// A change of the file can't turn TLS on or off, and it can't turn authentication off.
public final class ServerSecurity: Sendable {
  private struct State {
    var settings: SecuritySettings
    var files: FileSignatures
    var nextLook = ContinuousClock.now
    var isLooking = false
    var requests: RequestBudget?
  }

  private let path: String
  private let interval: Duration
  private let logger: Logger
  private let passwords: PasswordChecker
  private let state: Mutex<State>

  /// Reads the configuration and the certificates it names.
  ///
  /// - Parameters:
  ///   - path: The configuration file.
  ///   - logger: The log, to which changes are reported.
  /// - Throws: ``ConfigurationError`` with the file and the place of the fault.
  public convenience init(
    configurationFile path: String, logger: Logger
  ) throws(ConfigurationError) {
    try self.init(
      configurationFile: path, interval: .seconds(1), passwords: PasswordChecker(), logger: logger)
  }

  /// - Parameter interval: The time between two checks of the files, and the time in which a
  ///   changed file settles.
  init(
    configurationFile path: String, interval: Duration, passwords: PasswordChecker, logger: Logger
  ) throws(ConfigurationError) {
    var files: FileSignatures = [:]
    let settings = try SecuritySettings(loading: path, files: &files)
    self.path = path
    self.interval = interval
    self.logger = logger
    self.passwords = passwords
    state = Mutex(
      State(
        settings: settings, files: files, nextLook: .now + interval,
        requests: settings.rateLimit.map { RequestBudget($0) }))
  }

  /// Whether connections are encrypted.
  var usesTLS: Bool { state.withLock { $0.settings.tls != nil } }

  /// The settings in force. If the interval has passed, the files are checked first.
  ///
  /// A check takes microseconds. Reading files that have changed takes milliseconds.
  func current() -> SecuritySettings {
    let (settings, files) = state.withLock { state -> (SecuritySettings, FileSignatures?) in
      guard !state.isLooking, state.nextLook <= .now else { return (state.settings, nil) }
      state.isLooking = true
      return (state.settings, state.files)
    }
    guard let files else { return settings }
    let next = look(at: files, replacing: settings)
    return state.withLock { state in
      if let next {
        if next.0.rateLimit != state.settings.rateLimit {
          state.requests = next.0.rateLimit.map { RequestBudget($0) }
        }
        (state.settings, state.files) = next
      }
      state.isLooking = false
      state.nextLook = .now + interval
      return state.settings
    }
  }

  /// The answer to a request that must not be served; `nil` if it may be served.
  ///
  /// - Parameters:
  ///   - head: The request.
  ///   - address: The client's address.
  ///   - settings: The settings in force.
  func refusal(
    of head: HTTPRequestHead, from address: String, under settings: SecuritySettings
  ) async -> Response? {
    guard state.withLock({ $0.requests?.spend() ?? true }) else { return .tooManyRequests }
    guard !settings.users.isEmpty else { return nil }
    guard
      let credentials = BasicCredentials(authorization: head.headers.first(name: "Authorization"))
    else { return .unauthorized }
    switch await passwords.check(credentials, against: settings.users, from: address) {
    case .accepted: return nil
    case .rejected: return .unauthorized
    case .busy: return .tooManyChecks
    }
  }

  /// Reads the files again if one of them has changed, and all of them have settled.
  private func look(
    at known: FileSignatures, replacing settings: SecuritySettings
  ) -> (SecuritySettings, FileSignatures)? {
    let found = known.keys.map { ($0, FileSignature(of: $0)) }
    guard found.contains(where: { known[$0.0] != .some($0.1) }),
      !found.contains(where: { $0.1?.isYounger(than: interval) ?? false })
    else { return nil }
    var files: FileSignatures = [:]
    do {
      let loaded = try SecuritySettings(loading: path, files: &files)
      if let objection = loaded.objection(toReplacing: settings) {
        throw ConfigurationError(path: path, position: nil, reason: objection)
      }
      logger.info("web configuration read again", metadata: ["file": "\(path)"])
      return (loaded, files)
    } catch {
      logger.error(
        "web configuration not taken over, the one before stays in force",
        metadata: ["error": "\(error)"])
      return (settings, files)
    }
  }
}

extension Response {
  fileprivate static var unauthorized: Response {
    var response = text(401, "401 unauthorized\n")
    let challenge = "Basic realm=\"metrics\", charset=\"UTF-8\""
    response.headers = [(name: "WWW-Authenticate", value: challenge)]
    return response
  }

  fileprivate static var tooManyRequests: Response {
    text(429, "429 too many requests: rate_limit in the web configuration\n")
  }

  fileprivate static var tooManyChecks: Response {
    var response = text(429, "429 too many passwords to check\n")
    response.headers = [(name: "Retry-After", value: "5")]
    return response
  }
}

/// The signatures of a configuration's files by their paths, from before they were read; `nil` for
/// a file that was missing.
typealias FileSignatures = [String: FileSignature?]

/// The settings of a web configuration, with its certificates already read.
struct SecuritySettings: Sendable {
  /// How connections are encrypted; `nil` for plain HTTP.
  let tls: TLSPolicy?

  /// The users that may send requests. If there is none, everybody may.
  let users: [String: BcryptHash]

  /// The header fields that are added to responses, unless a response has a field of that name.
  let headers: [ResponseHeader]

  /// How many requests are served; `nil` for no limit.
  let rateLimit: RateLimit?

  /// Whether the file was empty, or had only comments.
  let isEmpty: Bool

  /// The largest size of a configuration, which has room for thousands of users.
  private static let maxBytes = 1 << 20

  /// Reads the configuration and the files it names.
  ///
  /// - Parameter files: Gets the signature of each file, also of those that could not be read.
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

  /// Why these settings must not replace others while the server runs; `nil` if they may.
  ///
  /// A file that a full disk has truncated can be valid. It must not remove protection.
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

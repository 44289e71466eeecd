public import Logging
import NIOHTTP1
import Platform
import Synchronization
public import WebConfiguration

/// Encryption, authentication and header fields of responses, as a web configuration file has them.
///
/// The file is that of Prometheus' exporter-toolkit, see ``WebConfiguration``. It and the
/// certificates it names are looked at again when a connection or a request arrives, at most once a
/// second, and read again where they have changed. A file that was written within the last second is
/// left alone until it has settled. Where something is wrong with them, that is logged once, and what
/// was in force stays so.
///
/// TLS can't be turned on or off that way, and authentication can't be turned off.
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
  ///   - logger: Where changes are reported.
  /// - Throws: ``ConfigurationError`` with the file and the place of what is wrong.
  public convenience init(
    configurationFile path: String, logger: Logger
  ) throws(ConfigurationError) {
    try self.init(
      configurationFile: path, interval: .seconds(1), passwords: PasswordChecker(), logger: logger)
  }

  /// - Parameter interval: How long files are not looked at again, and left alone after a change.
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
  public var usesTLS: Bool { state.withLock { $0.settings.tls != nil } }

  /// What is in force now; where it is time to, after a look at the files.
  ///
  /// A look takes microseconds. Where the files have changed, reading them takes milliseconds.
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

  /// The answer to a request that may not be served; `nil` where it may.
  ///
  /// - Parameters:
  ///   - head: The request.
  ///   - address: The client's.
  ///   - settings: What is in force.
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

  /// Reads the files where they have changed.
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

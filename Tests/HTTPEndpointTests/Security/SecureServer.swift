import Logging
import Synchronization
import Testing

@testable import HTTPEndpoint

/// A server with a web configuration, and programs that ask it.
struct SecureServer {
  let port: UInt16
  let files: SecurityFiles
  let log: LogRecorder

  private static let routes: [String: RequestHandler] = [
    "/": { _ in .text(200, "hello") },
    "/large": { _ in
      Response(
        contentType: "text/plain",
        body: Array(repeating: [UInt8](repeating: 0x61, count: 1 << 20), count: 4))
    },
    "/own": { _ in
      var response = Response.text(200, "own")
      response.headers = [(name: "content-security-policy", value: "default-src 'none'")]
      return response
    },
  ]

  /// The part of a configuration that turns on TLS.
  static let tls = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"

  /// Runs a server with a configuration beside the body.
  static func run<Result: Sendable>(
    _ configuration: String, limits: HTTPLimits = HTTPLimits(),
    _ body: (SecureServer) async throws -> Result
  ) async throws -> Result {
    let files = try SecurityFiles()
    try files.write(configuration, to: "web.yml")
    let log = LogRecorder()
    var passwords = PasswordChecker.Limits()
    // Tests ask faster than people.
    passwords.firstPause = .zero
    let security = try ServerSecurity(
      configurationFile: files.path + "/web.yml", interval: .milliseconds(50),
      passwords: PasswordChecker(limits: passwords), logger: log.logger)
    return try await TestServer.run(
      routes, limits: limits, security: security, logger: log.logger
    ) {
      try await body(SecureServer(port: $0.port, files: files, log: log))
    }
  }

  /// What curl prints of an answer over TLS, or of why there is none.
  func curl(_ arguments: String = "", path: String = "/") async throws -> String {
    try await Shell.run(
      "curl -sS -m 10 --cacert ca.crt \(arguments) https://127.0.0.1:\(port)\(path)",
      in: files.path)
  }

  /// What `openssl s_client` prints of a handshake.
  func handshake(_ arguments: String) async throws -> String {
    try await Shell.run(
      "timeout 10 openssl s_client </dev/null -connect 127.0.0.1:\(port) -CAfile ca.crt \(arguments)",
      in: files.path)
  }

  /// Asks again and again until the answer is as it should be.
  func eventually(_ isRight: () async throws -> Bool) async throws {
    for _ in 1...100 {
      if try await isRight() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("it did not come to be")
  }
}

/// Keeps what is logged.
final class LogRecorder: Sendable {
  private let lines = Mutex<[String]>([])

  var messages: [String] { lines.withLock { $0 } }

  var logger: Logger {
    var logger = Logger(label: "test") { _ in Handler(recorder: self) }
    logger.logLevel = .debug
    return logger
  }

  private struct Handler: LogHandler {
    let recorder: LogRecorder
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let values = (event.metadata ?? [:]).values.map(\.description).joined(separator: " ")
      recorder.lines.withLock { $0.append("\(event.message) \(values)") }
    }
  }
}

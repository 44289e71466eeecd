import HTTPEndpoint
import Logging

/// A server on a port of its own, for as long as a test needs it.
struct TestServer {
  let port: UInt16
  private let running: Task<Void, any Error>

  static var logger: Logger {
    Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  }

  /// Runs a server beside the body, and shuts it down after it.
  static func run<Result: Sendable>(
    _ routes: [String: RequestHandler], limits: HTTPLimits = HTTPLimits(),
    security: ServerSecurity? = nil, logger: Logger = logger,
    address: ListenAddress = ListenAddress(host: "127.0.0.1", port: 0),
    _ body: (TestServer) async throws -> Result
  ) async throws -> Result {
    let (ports, continuation) = AsyncStream.makeStream(of: UInt16.self)
    let server = HTTPServer(
      addresses: [address], routes: routes, limits: limits, security: security, logger: logger
    ) {
      for address in $0 { continuation.yield(address.port) }
      continuation.finish()
    }
    let running = Task {
      defer { continuation.finish() }
      try await server.run()
    }
    var port: UInt16?
    for await bound in ports { port = bound }
    guard let port else {
      try await running.value
      throw DidNotListen()
    }
    do {
      let result = try await body(TestServer(port: port, running: running))
      running.cancel()
      try await running.value
      return result
    } catch {
      running.cancel()
      throw error
    }
  }

  /// Asks the server to stop.
  func shutDown() {
    running.cancel()
  }

  struct DidNotListen: Error {}
}

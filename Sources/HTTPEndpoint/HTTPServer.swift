public import Logging
import NIOCore
import NIOPosix

/// A web server for a handful of paths that answer `GET`.
///
/// It is made for metrics: few clients, and large responses that change little. Bodies are
/// compressed for the clients that accept it, and what did not change since an earlier response is
/// not compressed again. One thread does the input and output; handlers and compression run
/// elsewhere.
///
/// A path without a handler is answered with 404, another method than `GET` and `HEAD` with 405.
public struct HTTPServer: Sendable {
  private let addresses: [ListenAddress]
  private let limits: HTTPLimits
  private let logger: Logger
  private let onListening: @Sendable ([ListenAddress]) -> Void
  private let security: ServerSecurity?
  private let responder: Responder
  private let table: ConnectionTable

  /// Creates a server, which does not listen before it runs.
  ///
  /// - Parameters:
  ///   - addresses: Where to listen.
  ///   - routes: The handlers by their path, such as `/metrics`; it is compared as a whole.
  ///   - limits: What clients are granted.
  ///   - security: Encryption and authentication, for all addresses and paths; `nil` for neither.
  ///   - logger: Where the server reports.
  ///   - onListening: Called once, when connections are accepted, with the addresses bound: those
  ///     of `addresses` in their order, resolved, with the port that was chosen in place of 0.
  public init(
    addresses: [ListenAddress],
    routes: [String: RequestHandler],
    limits: HTTPLimits = HTTPLimits(),
    security: ServerSecurity? = nil,
    logger: Logger,
    onListening: @escaping @Sendable ([ListenAddress]) -> Void = { _ in }
  ) {
    self.addresses = addresses
    self.limits = limits
    self.logger = logger
    self.onListening = onListening
    self.security = security
    let cache = GzipSegmentCache(
      maxBytes: limits.maxCompressedCacheBytes, maxCount: limits.maxCompressedCacheCount)
    let outbox = Outbox(maxBytes: limits.maxUnsentBytes)
    responder = Responder(routes: routes, cache: cache, outbox: outbox, security: security)
    table = ConnectionTable(maxConnections: limits.maxConnections, outbox: outbox)
  }

  /// Serves until the task is cancelled.
  ///
  /// Then it stops listening, closes the connections that wait, and lets requests under way finish
  /// within ``HTTPLimits/drainTimeout``; after that it closes their connections, cancels their
  /// handlers, and returns when these do.
  ///
  /// - Throws: ``ListenError`` where one of the addresses cannot be bound.
  public func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let result: Result<Void, any Error>
    do {
      result = .success(try await run(on: group))
    } catch {
      result = .failure(error)
    }
    try await group.shutdownGracefully()
    try result.get()
  }

  private func run(on group: MultiThreadedEventLoopGroup) async throws {
    let listeners = try await listen(on: group)
    let bound = listeners.map(\.address)
    let usesTLS = security?.usesTLS ?? false
    logger.info("listening", metadata: ["addresses": "\(bound)", "tls": "\(usesTLS)"])
    onListening(bound)
    // A task of its own, which is not cancelled before the connections are closed: connections just
    // accepted would be lost without being closed.
    let serving = Task { try await serve(listeners) }
    try await withTaskCancellationHandler {
      try await serving.value
    } onCancel: {
      stop(listeners, serving: serving, on: group.any())
    }
  }

  /// Listens on all addresses, or on none where one of them fails.
  private func listen(on group: any EventLoopGroup) async throws -> [Listener] {
    let setup = ConnectionSetup(
      limits: limits, table: table, security: security, logger: logger)
    var listeners: [Listener] = []
    do {
      for address in addresses {
        listeners.append(try await Listener.bind(address, on: group, setup: setup))
      }
      return listeners
    } catch {
      for listener in listeners {
        try? await listener.connections.executeThenClose { _ in }
      }
      throw error
    }
  }

  private func serve(_ listeners: [Listener]) async throws {
    try await withThrowingTaskGroup { group in
      for listener in listeners {
        group.addTask { try await serve(listener) }
      }
      try await group.waitForAll()
    }
  }

  private func serve(_ listener: Listener) async throws {
    try await listener.connections.executeThenClose { connections in
      try await withThrowingDiscardingTaskGroup { group in
        for try await connection in connections {
          group.addTask { await serve(connection) }
        }
      }
    }
  }

  private func serve(_ connection: HTTPConnection.AsyncChannel) async {
    let connection = HTTPConnection(
      connection, responder: responder, maxBodyBytes: limits.maxBodyBytes)
    do {
      try await connection.serve()
    } catch {
      logger.trace("connection closed", metadata: ["error": "\(error)"])
    }
  }

  private func stop(
    _ listeners: [Listener], serving: Task<Void, any Error>, on eventLoop: any EventLoop
  ) {
    logger.info("shutting down", metadata: ["connections": "\(table.count)"])
    for listener in listeners {
      listener.connections.channel.close(promise: nil)
    }
    table.drain()
    eventLoop.scheduleTask(in: TimeAmount(limits.drainTimeout)) {
      table.closeAll()
      serving.cancel()
    }
  }
}

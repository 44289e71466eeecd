public import Logging
import NIOCore
import NIOPosix

/// A web server for a handful of paths that answer `GET`.
///
/// It is made for metrics: few clients, and large responses that change little. Bodies are
/// compressed for the clients that accept it. Parts that did not change since an earlier response
/// are not compressed again. One thread does the input and output; handlers run on others.
///
/// A path without a handler is answered with 404, and methods other than `GET` and `HEAD` with 405.
public struct HTTPServer: Sendable {
  private let addresses: [ListenAddress]
  private let limits: HTTPLimits
  private let logger: Logger
  private let onListening: @Sendable ([ListenAddress]) -> Void
  private let security: ServerSecurity?
  private let responder: Responder
  private let table: ConnectionTable

  /// Creates a server, which begins to listen in ``run()``.
  ///
  /// - Parameters:
  ///   - addresses: The addresses to listen on.
  ///   - routes: The handlers by their path, such as `/metrics`. A request's path must equal it.
  ///   - limits: The limits of clients.
  ///   - security: Encryption and authentication, for all addresses and paths; `nil` for neither.
  ///   - logger: The log.
  ///   - onListening: Called once, when connections are accepted. It gets the resolved `addresses`
  ///     in their order, with the ports that the system has chosen in place of 0.
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
    let outbox = Outbox(maxBytes: limits.maxUnsentBytes, now: limits.now)
    responder = Responder(routes: routes, cache: cache, outbox: outbox, security: security)
    table = ConnectionTable(maxConnections: limits.maxConnections, outbox: outbox)
  }

  /// Serves until the task is cancelled.
  ///
  /// Then it stops listening, closes idle connections, and lets requests under way finish within
  /// ``HTTPLimits/drainTimeout``. After that it closes their connections, cancels their handlers,
  /// and returns when the handlers have returned.
  ///
  /// - Throws: ``ListenError`` if one of the addresses cannot be bound.
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
    // A task of its own, which is cancelled only after the connections are closed. Otherwise
    // connections that were just accepted would never be closed.
    let serving = Task { try await serve(listeners) }
    try await withTaskCancellationHandler {
      try await serving.value
    } onCancel: {
      stop(listeners, serving: serving, on: group.any())
    }
  }

  /// Listens on all addresses, or on none if one of them fails.
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

/// The limits of clients: sizes, numbers and times.
///
/// The defaults suit a metrics endpoint: few clients, small requests, large responses.
public struct HTTPLimits: Sendable {
  /// The largest size of a request's head, in bytes; the answer to more is 431.
  var maxHeadBytes = 16 * 1024

  /// The largest size of a request's body, in bytes; the answer to more is 413.
  var maxBodyBytes = 64 * 1024

  /// How many connections may be open.
  ///
  /// If there are more, the connection that has waited longest for a request makes room, or else
  /// the slowest reader of a response. If no connection can be spared, the new one is refused.
  public var maxConnections = 512

  /// How long a request may take from its first byte to its last.
  var headTimeout = Duration.seconds(10)

  /// How long a connection may stay open without a request.
  var idleTimeout = Duration.seconds(120)

  /// How long a client may pause while it reads its response.
  var writeTimeout = Duration.seconds(30)

  /// How many bytes may be unsent in total. Bytes that several clients receive count once.
  ///
  /// If there are more, the slowest clients are cut off. Twice the newest body is always allowed.
  var maxUnsentBytes = 16 * 1024 * 1024

  /// Returns the time by which readers of responses are slow.
  var now: @Sendable () -> NIODeadline = NIODeadline.now

  /// How long requests under way may take to finish after the server was asked to stop.
  public var drainTimeout = Duration.seconds(10)

  /// How many bytes of compressed segments are kept between responses.
  var maxCompressedCacheBytes = 4 * 1024 * 1024

  /// How many compressed segments are kept between responses.
  var maxCompressedCacheCount = 1024

  /// Creates the default limits.
  public init() {}
}

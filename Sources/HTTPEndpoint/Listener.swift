import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Platform

/// A socket that accepts connections, and sets up each one with its HTTP handlers.
struct Listener {
  typealias AsyncChannel = NIOAsyncChannel<HTTPConnection.AsyncChannel, Never>

  private static let unsentBytesOfSystem = ChannelOptions.Types.SocketOption(
    level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_NOTSENT_LOWAT))

  let connections: AsyncChannel

  /// Starts to listen.
  ///
  /// - Throws: ``ListenError``.
  static func bind(
    _ address: ListenAddress, on group: any EventLoopGroup, setup: ConnectionSetup
  ) async throws(ListenError) -> Listener {
    do {
      return try await bind(resolving: address, on: group, setup: setup)
    } catch {
      throw ListenError(address: address, cause: error)
    }
  }

  /// The address that it listens on, with the port that the system has chosen.
  var address: ListenAddress {
    let address = connections.channel.localAddress
    return ListenAddress(
      host: address?.ipAddress ?? "", port: UInt16(truncatingIfNeeded: address?.port ?? 0))
  }

  private static func bind(
    resolving address: ListenAddress, on group: any EventLoopGroup, setup: ConnectionSetup
  ) async throws -> Listener {
    let port = Int(address.port)
    guard address.host.isEmpty else {
      let resolved = try SocketAddress.makeAddressResolvingHost(address.host, port: port)
      return try await bind(to: resolved, on: group, setup: setup)
    }
    do {
      let any = try SocketAddress(ipAddress: "::", port: port)
      return try await bind(to: any, isDualStack: true, on: group, setup: setup)
    } catch let error as IOError where error.meansNoIPv6 {
      let any = try SocketAddress(ipAddress: "0.0.0.0", port: port)
      return try await bind(to: any, on: group, setup: setup)
    }
  }

  private static func bind(
    to address: SocketAddress, isDualStack: Bool = false, on group: any EventLoopGroup,
    setup: ConnectionSetup
  ) async throws -> Listener {
    let table = setup.table
    var bootstrap = ServerBootstrap(group: group)
      // If there are no file descriptors left, a connection that can be spared makes room. Until
      // then new connections wait in the system's queue.
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { error in
              guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else { return nil }
              table.makeRoom()
              return .milliseconds(5)
            })
        }
      }
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // A client may close its side once it has sent its request.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // Unsent bytes should wait in the outbox, which clients share, and not in the system.
      .childChannelOption(Self.unsentBytesOfSystem, value: 64 * 1024)
    if isDualStack {
      let v6Only = ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only)
      bootstrap = bootstrap.serverChannelOption(v6Only, value: 0)
    }
    let connections = try await bootstrap.bind(to: address) { channel in
      channel.eventLoop.makeCompletedFuture {
        try setup.configure(channel)
      }
    }
    return Listener(connections: connections)
  }
}

extension IOError {
  /// Whether binding failed because this machine has no IPv6.
  fileprivate var meansNoIPv6: Bool {
    [EAFNOSUPPORT, EADDRNOTAVAIL, EPROTONOSUPPORT].contains(errnoCode)
  }
}

/// Sets up connections before their first byte.
struct ConnectionSetup: Sendable {
  let limits: HTTPLimits
  let table: ConnectionTable
  let security: ServerSecurity?
  let logger: Logger
  private let handshakeFailures = MessageLimit()

  /// Adds the handlers of a connection that was just accepted.
  ///
  /// Certificates that have changed are read here, on the event loop, because the connection must
  /// be set up with the new ones before it is registered.
  func configure(_ channel: any Channel) throws -> HTTPConnection.AsyncChannel {
    let pipeline = channel.pipeline.syncOperations
    if let tls = security?.current().tls {
      let handler = tls.makeHandler()
      try pipeline.addHandler(handler)
      try pipeline.addHandler(
        HandshakeGuard(
          handler, allowedNames: tls.allowedClientNames, timeout: limits.headTimeout,
          failures: handshakeFailures, logger: logger))
    }
    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
    decoderLimits.maxHeaderFieldSize = limits.maxHeadBytes
    decoderLimits.maxHeaderListSize = limits.maxHeadBytes
    // HTTPConnection answers the errors.
    try pipeline.configureHTTPServerPipeline(
      withPipeliningAssistance: true, withErrorHandling: false, withEncoderConfiguration: .init(),
      withDecoderLimitConfiguration: decoderLimits)
    try pipeline.addHandler(ConnectionGuard(limits: limits, table: table))
    return try HTTPConnection.AsyncChannel(
      wrappingChannelSynchronously: channel,
      configuration: .init(isOutboundHalfClosureEnabled: true))
  }
}

/// The server could not listen on one of its addresses.
public struct ListenError: Error, CustomStringConvertible {
  /// The address it was given.
  public let address: ListenAddress

  /// Why it could not listen, in a few words.
  public let reason: String

  /// One line for the operator: `cannot listen on :9455: address already in use`.
  public var description: String { "cannot listen on \(address): \(reason)" }

  init(address: ListenAddress, cause: any Error) {
    self.address = address
    reason =
      switch cause {
      case let error as IOError: Self.reason(of: error)
      case is SocketAddressError: "unknown host"
      default: "\(cause)"
      }
  }

  private static func reason(of error: IOError) -> String {
    switch error.errnoCode {
    case EADDRINUSE: "address already in use"
    case EADDRNOTAVAIL: "this host has no such address"
    case EACCES: "permission denied"
    case EAFNOSUPPORT: "this host does not support the address family"
    case EMFILE, ENFILE: "too many open files"
    default: "\(error)"
    }
  }
}

import Glibc
import NIOCore
import NIOPosix

/// A socket that accepts connections, each with its HTTP handlers in place.
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

  /// The address it listens on, with the port the system has chosen.
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
      // Where there are no file descriptors left, a connection that can be spared makes room. Until
      // then those who connect wait in the system's queue.
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
      // What waits to be sent is to wait where it is shared, and not in the system for each client.
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
  /// Whether binding failed for want of IPv6 on this machine.
  fileprivate var meansNoIPv6: Bool {
    [EAFNOSUPPORT, EADDRNOTAVAIL, EPROTONOSUPPORT].contains(errnoCode)
  }
}

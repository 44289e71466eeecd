import Glibc
import NIOCore
import Synchronization

/// The open connections, and which of them wait for a request.
///
/// It decides which connections are admitted, which make room, and which close when the server
/// stops. Each connection's ``ConnectionGuard`` reports what the connection does.
final class ConnectionTable: Sendable {
  fileprivate struct Connection {
    let channel: any Channel
    /// The time since which it waits for a request; `nil` while a request is being answered.
    var waitingSince: NIODeadline?
  }

  fileprivate struct State {
    var connections: [ObjectIdentifier: Connection] = [:]
    var isDraining = false
  }

  /// How far a client must fall behind before its connection makes room for another.
  private static let grace = TimeAmount.seconds(2)

  private let maxConnections: Int
  private let outbox: Outbox
  private let state = Mutex(State())

  /// Creates an empty table.
  ///
  /// - Parameters:
  ///   - maxConnections: How many connections it has room for.
  ///   - outbox: The bodies that are being sent on the connections.
  init(maxConnections: Int, outbox: Outbox) {
    self.maxConnections = maxConnections
    self.outbox = outbox
  }

  /// The number of open connections.
  var count: Int {
    state.withLock { $0.connections.count }
  }

  /// Adds a new connection. If there are too many, it closes the connection that has waited longest
  /// for a request, or else the one that is slowest to read its response.
  ///
  /// - Returns: Whether the new connection may stay.
  func admit(_ channel: any Channel) -> Bool {
    let (isAdmitted, close) = state.withLock { state -> (Bool, Closing?) in
      guard !state.isDraining else { return (false, nil) }
      var close: Closing?
      if state.connections.count >= maxConnections {
        close = makeRoom(in: &state)
        if close == nil { return (false, nil) }
      }
      state.connections[ObjectIdentifier(channel)] = Connection(
        channel: channel, waitingSince: .now())
      return (true, close)
    }
    close?()
    return isAdmitted
  }

  /// Closes a connection that can be spared, as ``admit(_:)`` does, if there is one.
  func makeRoom() {
    let close = state.withLock { makeRoom(in: &$0) }
    close?()
  }

  /// Closes a connection, outside the lock, because the connection then reports its end.
  private typealias Closing = () -> Void

  private func makeRoom(in state: inout State) -> Closing? {
    if let longest = state.longestWaiting {
      let waiting = state.connections.removeValue(forKey: longest)?.channel
      return { waiting?.close(promise: nil) }
    }
    guard let slowest = outbox.cutSlowest(lateBy: Self.grace) else { return nil }
    state.connections[ObjectIdentifier(slowest)] = nil
    return { slowest.abort() }
  }

  /// Marks a connection as waiting for a request.
  func markWaiting(_ channel: any Channel) {
    state.withLock { $0.connections[ObjectIdentifier(channel)]?.waitingSince = .now() }
  }

  /// Marks a connection as being served, so that it does not make room for others.
  func markBusy(_ channel: any Channel) {
    state.withLock { $0.connections[ObjectIdentifier(channel)]?.waitingSince = nil }
  }

  /// Removes a connection that was closed.
  func remove(_ channel: any Channel) {
    state.withLock { $0.connections[ObjectIdentifier(channel)] = nil }
  }

  /// Admits no more connections, and closes each one as soon as its request is answered.
  func drain() {
    let connections = state.withLock { state in
      state.isDraining = true
      return state.connections.values.map(\.channel)
    }
    for channel in connections {
      channel.pipeline.fireUserInboundEventTriggered(ConnectionGuard.Drain())
    }
  }

  /// Closes all connections at once.
  func closeAll() {
    let connections = state.withLock { $0.connections.values.map(\.channel) }
    for channel in connections {
      channel.close(promise: nil)
    }
  }
}

extension ConnectionTable.State {
  /// The connection that has been without a request for the longest time.
  var longestWaiting: ObjectIdentifier? {
    var longest: (key: ObjectIdentifier, since: NIODeadline)?
    for (key, connection) in connections {
      guard let since = connection.waitingSince else { continue }
      if longest.map({ since < $0.since }) ?? true {
        longest = (key, since)
      }
    }
    return longest?.key
  }
}

extension Channel {
  /// Closes the connection at once, and discards its unsent bytes.
  ///
  /// Otherwise the system might keep them for minutes, for a client that does not read.
  func abort() {
    if let socket = self as? any SocketOptionProvider {
      _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
    close(promise: nil)
  }
}

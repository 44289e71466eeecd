import NIOCore
import Synchronization

/// The open connections, and which of them wait for a request.
///
/// It decides who may connect, who makes room, and who goes when the server stops. A connection's
/// ``ConnectionGuard`` reports what the connection does.
final class ConnectionTable: Sendable {
  fileprivate struct Connection {
    let channel: any Channel
    /// Since when no request is under way; `nil` while one is.
    var waitingSince: NIODeadline?
  }

  fileprivate struct State {
    var connections: [ObjectIdentifier: Connection] = [:]
    var isDraining = false
  }

  /// How far a client must have fallen behind before its connection makes room for another.
  private static let grace = TimeAmount.seconds(2)

  private let maxConnections: Int
  private let outbox: Outbox
  private let state = Mutex(State())

  /// Creates an empty table.
  ///
  /// - Parameters:
  ///   - maxConnections: How many connections it has room for.
  ///   - outbox: What is being sent on them.
  init(maxConnections: Int, outbox: Outbox) {
    self.maxConnections = maxConnections
    self.outbox = outbox
  }

  /// The number of open connections.
  var count: Int {
    state.withLock { $0.connections.count }
  }

  /// Enters a new connection, and closes another where there are too many: the one that has waited
  /// longest for a request, or else the one that is slowest to read its response.
  ///
  /// - Returns: Whether the connection may stay.
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

  /// Closes a connection that can be spared, if there is one, as ``admit(_:)`` does.
  func makeRoom() {
    let close = state.withLock { makeRoom(in: &$0) }
    close?()
  }

  /// What closes a connection: outside the lock, because the connection then reports its end.
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

  /// Notes that a connection waits for a request.
  func markWaiting(_ channel: any Channel) {
    state.withLock { $0.connections[ObjectIdentifier(channel)]?.waitingSince = .now() }
  }

  /// Notes that a connection is being served, and must not make room for others.
  func markBusy(_ channel: any Channel) {
    state.withLock { $0.connections[ObjectIdentifier(channel)]?.waitingSince = nil }
  }

  /// Forgets a connection that was closed.
  func remove(_ channel: any Channel) {
    state.withLock { $0.connections[ObjectIdentifier(channel)] = nil }
  }

  /// Closes all connections, each when its request under way is answered, and admits no others.
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

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

  private let maxConnections: Int
  private let state = Mutex(State())

  /// Creates an empty table for so many connections.
  init(maxConnections: Int) {
    self.maxConnections = maxConnections
  }

  /// The number of open connections.
  var count: Int {
    state.withLock { $0.connections.count }
  }

  /// Enters a new connection, and closes the one that has waited longest where there are too many.
  ///
  /// - Returns: Whether the connection may stay.
  func admit(_ channel: any Channel) -> Bool {
    let (isAdmitted, evicted) = state.withLock { state -> (Bool, (any Channel)?) in
      guard !state.isDraining else { return (false, nil) }
      var evicted: (any Channel)?
      if state.connections.count >= maxConnections {
        guard let longest = state.longestWaiting else { return (false, nil) }
        evicted = state.connections.removeValue(forKey: longest)?.channel
      }
      state.connections[ObjectIdentifier(channel)] = Connection(
        channel: channel, waitingSince: .now())
      return (true, evicted)
    }
    evicted?.close(promise: nil)
    return isAdmitted
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

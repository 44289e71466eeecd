internal import Platform
internal import Synchronization

/// Listens to what nf_tables announces, from its own thread, and keeps what somebody may want to know:
/// what changed since it was last asked, and who changed it.
final class NFTEventLog: Sendable {
  private let socket: NetlinkSocket
  private let watch: DescriptorWatch
  private let state: Mutex<State>

  private struct State {
    var changes = NFTChanges.none
    /// The last generation that was announced.
    var generation: UInt32?
    /// Whether a transaction was announced since the changes were last taken.
    var isPending = false
    var counts = TransactionCounts()

    mutating func forgetChanges() {
      changes = .none
      isPending = false
    }
  }

  /// Begins to listen in this thread's network namespace.
  ///
  /// - Throws: ``SystemError`` where that isn't allowed: it takes CAP_NET_ADMIN.
  init() throws(SystemError) {
    let socket = try NetlinkSocket(group: NFTNumbers.eventGroup)
    self.socket = socket
    state = Mutex(State())
    watch = DescriptorWatch(socket.descriptor, of: socket, label: "nf_tables events")
    watch.start { [weak self] in self?.drain() }
  }

  deinit { watch.cancel() }

  /// What changed since this was last called, up to a generation at least.
  ///
  /// The announcement of a transaction comes a little after its generation is in force. Where it
  /// doesn't come at all, everything may have changed.
  func takeChanges(upTo generation: UInt32) -> NFTChanges {
    drain()
    for _ in 0..<Self.patience where !hasReached(generation) {
      socket.waitForMessage(milliseconds: 5)
      drain()
    }
    let isComplete = hasReached(generation)
    return state.withLock { state in
      defer { state.forgetChanges() }
      return isComplete ? state.changes : .whole
    }
  }

  /// Forgets what was announced so far.
  func discardChanges() {
    drain()
    state.withLock { $0.forgetChanges() }
  }

  /// Whether a transaction was announced since changes were last taken.
  var hasNews: Bool {
    drain()
    return state.withLock(\.isPending)
  }

  var counts: TransactionCounts {
    drain()
    return state.withLock(\.counts)
  }

  /// How often five milliseconds are waited for an announcement.
  private static let patience = 20

  private func hasReached(_ generation: UInt32) -> Bool {
    state.withLock { state in
      // Generations wrap around.
      state.generation.map { Int32(bitPattern: $0 &- generation) >= 0 } ?? false
    }
  }

  /// Takes in all that waits.
  private func drain() {
    state.withLock { state in
      for _ in 0..<Self.longestDrain {
        do throws(SystemError) {
          let isThere = try socket.receive { Self.note($0, in: &state) }
          if !isThere { return }
        } catch {
          // Lost or broken, what it said is unknown.
          state.changes = .whole
          state.isPending = true
          guard error == .overrun else { return }
          state.counts.overruns += 1
        }
      }
    }
  }

  /// So many messages are taken at once, lest one who asks waits for ever.
  private static let longestDrain = 10_000

  private static func note(_ message: NetlinkMessage, in state: inout State) {
    guard case .table(NFTNumbers.Message.newGeneration) = message.kind else {
      state.changes.note(message)
      return
    }
    guard let generation = NFTGeneration(message) else { return }
    state.generation = generation.number
    state.isPending = true
    state.counts.count(generation.process)
  }
}

extension TransactionCounts {
  /// Counts a transaction of a process, whose name is what whoever committed it chose.
  fileprivate mutating func count(_ process: String) {
    let isKnown = byProcess[process] != nil || byProcess.count < Self.mostProcesses
    byProcess[isKnown ? process : "other", default: 0] += 1
  }

  private static let mostProcesses = 32
}

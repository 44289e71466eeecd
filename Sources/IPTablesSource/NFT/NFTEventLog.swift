internal import Platform
internal import Synchronization

/// Listens to what nf_tables announces, from its own thread, and keeps what somebody may want to know:
/// what changed since it was last asked, and who changed it.
final class NFTEventLog: Sendable {
  private let transport: any NetlinkTransport
  private let watch: DescriptorWatch?
  private let state: Mutex<State>

  private struct State {
    var changes = NFTChanges.none
    /// The last generation that was announced.
    var generation: UInt32?
    /// Whether a transaction was announced since the changes were last taken.
    var isPending = false
    var counts = TransactionCounts()

    /// Whether announcements were lost since the changes were last taken.
    var isLossy = false
    /// Why nothing can be received any more.
    var failure: NFTError?

    mutating func forgetChanges() {
      changes = .none
      isPending = false
      isLossy = false
    }

    func hasReached(_ number: UInt32) -> Bool {
      // Generations wrap around.
      generation.map { Int32(bitPattern: $0 &- number) >= 0 } ?? false
    }
  }

  /// Begins to listen in this thread's network namespace.
  ///
  /// - Throws: ``NFTError`` where that isn't allowed: it takes CAP_NET_ADMIN.
  init(_ open: NetlinkOpening) throws(NFTError) {
    let transport = try open(NFTNumbers.eventGroup)
    self.transport = transport
    state = Mutex(State())
    watch = transport.descriptor.map {
      DescriptorWatch($0, of: transport, label: "nf_tables events")
    }
    watch?.start { [weak self] in self?.drain() }
  }

  deinit { watch?.cancel() }

  /// Why nobody can listen any more; nil while that is possible.
  var failure: NFTError? { state.withLock(\.failure) }

  /// What changed since this was last called, up to a generation at least.
  ///
  /// A generation's number is there a little before its rules, and its announcement a little after them;
  /// so this waits for the announcement. Where it doesn't come, everything may have changed.
  func takeChanges(upTo generation: UInt32) -> NFTChanges {
    awaitAnnouncement(of: generation)
    return state.withLock { state in
      defer { state.forgetChanges() }
      return state.hasReached(generation) ? state.changes : .whole
    }
  }

  /// Forgets what was announced up to a generation, for who is about to read everything.
  func discardChanges(upTo generation: UInt32) {
    drain()
    if state.withLock({ $0.generation != nil }) { awaitAnnouncement(of: generation) }
    state.withLock { $0.forgetChanges() }
  }

  /// Waits until the generation was announced, or one behind it, unless announcements were lost.
  private func awaitAnnouncement(of generation: UInt32) {
    drain()
    for _ in 0..<Self.patience
    where state.withLock({ !$0.isLossy && !$0.hasReached(generation) }) {
      transport.waitForMessage(milliseconds: 5)
      drain()
    }
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

  /// How often five milliseconds are waited for an announcement: whoever commits may be kept from going
  /// on by others.
  private static let patience = 200

  /// Takes in all that waits.
  private func drain() {
    state.withLock { state in
      for _ in 0..<Self.longestDrain {
        do throws(NFTError) {
          let isThere = try transport.receive { Self.note($0, in: &state) }
          if !isThere { return }
        } catch {
          // Lost or broken, what it said is unknown.
          state.changes = .whole
          state.isPending = true
          state.isLossy = true
          switch error {
          case .overrun: state.counts.overruns += 1
          case .malformed: break
          default:
            state.failure = error
            return
          }
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

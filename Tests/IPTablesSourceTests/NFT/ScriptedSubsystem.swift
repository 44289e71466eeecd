import Netfilter
import Synchronization

@testable import IPTablesSource

/// A kernel's subsystem of netfilter that answers requests by a function, or the next one as a test wants.
final class ScriptedSubsystem: Sendable {
  struct Request: Sendable {
    let bytes: [UInt8]

    /// The subsystem's number for what is asked.
    var type: UInt8 { bytes[4] }
    var isDump: Bool { bytes[7] == 3 }
    var sequence: UInt32 {
      bytes[8...].prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
    /// `NFPROTO_…`.
    var family: UInt8 { bytes[16] }
    /// The attributes' bytes.
    var attributes: [UInt8] { Array(bytes.dropFirst(20)) }
  }

  typealias Answering = @Sendable (Request) -> [ScriptedKernel.Reception]

  private struct State {
    var requests: [[UInt8]] = []
    var openings = 0
    var next: [ScriptedKernel.Reception]?
  }

  private let subsystem: KernelSubsystem
  private let presence: KernelSubsystem.Presence
  private let answering: Answering
  private let state = Mutex(State())

  init(
    _ subsystem: KernelSubsystem, _ presence: KernelSubsystem.Presence = .present,
    _ answering: @escaping Answering
  ) {
    self.subsystem = subsystem
    self.presence = presence
    self.answering = answering
  }

  var requests: [[UInt8]] { state.withLock(\.requests) }
  var openings: Int { state.withLock(\.openings) }

  /// Answers the next request that way.
  func answerNext(_ receptions: [ScriptedKernel.Reception]) {
    state.withLock { $0.next = receptions }
  }

  func makeConnection() -> SubsystemConnection {
    SubsystemConnection(to: subsystem, presence: { self.presence }) { [self] _ throws(NFTError) in
      state.withLock { $0.openings += 1 }
      return Transport(kernel: self)
    }
  }

  /// A message of a subsystem.
  static func message(
    _ subsystem: UInt8, _ type: UInt8, family: UInt8, _ attributes: [UInt8], _ sequence: UInt32
  ) -> [UInt8] {
    var bytes = ScriptedKernel.message(UInt32(type), attributes, sequence)
    bytes[5] = subsystem
    bytes[16] = family
    return bytes
  }

  /// An attribute with a number in network order.
  static func number(_ type: UInt16, _ number: some FixedWidthInteger) -> [UInt8] {
    ExpressionBytes.attribute(
      type,
      stride(from: number.bitWidth - 8, through: 0, by: -8).map {
        UInt8(truncatingIfNeeded: number >> $0)
      })
  }

  private func answer(_ request: Request) -> [ScriptedKernel.Reception] {
    let next = state.withLock { state in
      state.requests.append(request.bytes)
      defer { state.next = nil }
      return state.next
    }
    return next ?? answering(request)
  }

  private final class Transport: NetlinkTransport {
    private let kernel: ScriptedSubsystem
    private let waiting = Mutex<[ScriptedKernel.Reception]>([])

    init(kernel: ScriptedSubsystem) { self.kernel = kernel }

    var descriptor: Int32? { nil }

    func send(_ request: NetlinkRequest) throws(NFTError) {
      let answers = kernel.answer(Request(bytes: request.bytes))
      waiting.withLock { $0 += answers }
    }

    func receiveBytes(_ body: (KernelBytes) -> Void) throws(NFTError) -> Bool {
      switch waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
      case nil: throw .timedOut
      case .failure(let failure): throw failure
      case .bytes(let bytes):
        unsafe bytes.withUnsafeBytes { unsafe body(KernelBytes($0)) }
        return true
      }
    }

    func waitForMessage(milliseconds: Int32) {}
  }
}

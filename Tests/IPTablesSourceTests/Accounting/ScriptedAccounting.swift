import Synchronization

@testable import IPTablesSource

/// A kernel's nfacct, which answers a dump with objects, or as a test wants.
final class ScriptedAccounting: Sendable {
  private struct State {
    var requests: [[UInt8]] = []
    var openings = 0
    var failure: ScriptedKernel.Reception?
    var strays: [[UInt8]] = []
  }

  private let objects: [(name: String, packets: UInt64)]
  private let presence: KernelSubsystem.Presence
  private let state = Mutex(State())

  init(_ objects: [(String, UInt64)], _ presence: KernelSubsystem.Presence = .present) {
    self.objects = objects
    self.presence = presence
  }

  var requests: [[UInt8]] { state.withLock(\.requests) }
  var openings: Int { state.withLock(\.openings) }

  /// Answers the next request that way.
  func fail(_ reception: ScriptedKernel.Reception) { state.withLock { $0.failure = reception } }

  /// Lets messages come before each answer.
  func precede(_ messages: [[UInt8]]) { state.withLock { $0.strays = messages } }

  func makeReader() -> PacketAccountReader {
    PacketAccountReader(
      SubsystemConnection(to: .accounting, presence: { self.presence }) { [self] _ throws(NFTError) in
        state.withLock { $0.openings += 1 }
        return Transport(kernel: self)
      })
  }

  private func answer(_ request: [UInt8]) -> [ScriptedKernel.Reception] {
    state.withLock { state in
      state.requests.append(request)
      if let failure = state.failure {
        state.failure = nil
        return [failure]
      }
      let sequence = request[8...].prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let messages = state.strays + objects.map { Self.object($0, $1, sequence: sequence) }
      return messages.map(ScriptedKernel.Reception.bytes)
        + [.bytes(ScriptedKernel.end(sequence))]
    }
  }

  /// As the kernel writes an object: name, packets, bytes, and how many use it.
  static func object(_ name: String, _ packets: UInt64, sequence: UInt32) -> [UInt8] {
    message(
      text(1, name) + number(2, packets) + number(3, packets &* 60)
        + ExpressionBytes.number(4, 1), sequence)
  }

  /// A message `NFNL_MSG_ACCT_NEW`.
  static func message(_ attributes: [UInt8], _ sequence: UInt32) -> [UInt8] {
    var bytes = ScriptedKernel.message(0, attributes, sequence)
    bytes[5] = 7
    bytes[16] = 0
    return bytes
  }

  static func text(_ type: UInt16, _ text: String) -> [UInt8] {
    ExpressionBytes.attribute(type, Array(text.utf8) + [0])
  }

  static func number(_ type: UInt16, _ number: UInt64) -> [UInt8] {
    ExpressionBytes.attribute(
      type, (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) })
  }

  private final class Transport: NetlinkTransport {
    private let kernel: ScriptedAccounting
    private let waiting = Mutex<[ScriptedKernel.Reception]>([])

    init(kernel: ScriptedAccounting) { self.kernel = kernel }

    var descriptor: Int32? { nil }

    func send(_ request: NetlinkRequest) throws(NFTError) {
      let answers = kernel.answer(request.bytes)
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

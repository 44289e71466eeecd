@testable import IPTablesSource

/// A kernel's nfacct, which answers a dump with objects, or as a test wants.
struct ScriptedAccounting {
  private let kernel: ScriptedSubsystem

  init(
    _ objects: [(String, UInt64)], _ presence: KernelSubsystem.Presence = .present,
    preceding strays: [[UInt8]] = []
  ) {
    kernel = ScriptedSubsystem(.accounting, presence) { request in
      let messages = strays + objects.map { Self.object($0, $1, sequence: request.sequence) }
      return messages.map(ScriptedKernel.Reception.bytes)
        + [.bytes(ScriptedKernel.end(request.sequence))]
    }
  }

  var requests: [[UInt8]] { kernel.requests }
  var openings: Int { kernel.openings }

  func fail(_ reception: ScriptedKernel.Reception) { kernel.answerNext([reception]) }

  func makeReader() -> PacketAccountReader { PacketAccountReader(kernel.makeConnection()) }

  /// As the kernel writes an object: name, packets, bytes, and how many use it.
  static func object(_ name: String, _ packets: UInt64, sequence: UInt32) -> [UInt8] {
    message(
      text(1, name) + number(2, packets) + number(3, packets &* 60)
        + ExpressionBytes.number(4, 1), sequence)
  }

  /// A message `NFNL_MSG_ACCT_NEW`.
  static func message(_ attributes: [UInt8], _ sequence: UInt32) -> [UInt8] {
    ScriptedSubsystem.message(7, 0, family: 0, attributes, sequence)
  }

  static func text(_ type: UInt16, _ text: String) -> [UInt8] {
    ExpressionBytes.attribute(type, Array(text.utf8) + [0])
  }

  static func number(_ type: UInt16, _ number: UInt64) -> [UInt8] {
    ScriptedSubsystem.number(type, number)
  }
}

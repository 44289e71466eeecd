import Netfilter

@testable import IPTablesSource

/// An entry of the connection table as the kernel writes it into a message.
struct EntryBytes: Sendable {
  var family = IPFamily.ipv4
  var ipProtocol: UInt8 = 17
  var client = ("10.244.0.9", UInt16(40_000))
  var asked = ("10.96.0.10", UInt16(53))
  var endpoint = ("10.244.0.3", UInt16(5353))
  /// Nil for an entry without one.
  var status: UInt32? = EntryBytes.translated
  var timeout: UInt32? = 29
  /// State and flags.
  var tcp: (state: UInt8, flags: UInt8)?
  var packets: (sent: UInt64, answered: UInt64)?
  var zone: UInt16?
  var hasPorts = true

  /// IPS_CONFIRMED, IPS_DST_NAT_DONE and IPS_DST_NAT.
  static let translated: UInt32 = 0x8 | 0x100 | 0x20
  /// With IPS_SEEN_REPLY too.
  static let replied = translated | 0x2

  /// In the kernel's order.
  var attributes: [UInt8] {
    var bytes = nested(1, tuple(client, asked)) + nested(2, tuple(endpoint, client))
    if let zone { bytes += ScriptedSubsystem.number(18, zone) }
    if let status { bytes += ScriptedSubsystem.number(3, status) }
    bytes += ScriptedSubsystem.number(8, UInt32(0))  // mark
    bytes += ScriptedSubsystem.number(12, UInt32(77))  // id
    bytes += ScriptedSubsystem.number(11, UInt32(1))  // use
    if let timeout { bytes += ScriptedSubsystem.number(7, timeout) }
    if let tcp {
      let state = ExpressionBytes.attribute(1, [tcp.state])
      let scales = ExpressionBytes.attribute(2, [7]) + ExpressionBytes.attribute(3, [7])
      let flags =
        ExpressionBytes.attribute(4, [tcp.flags, 0]) + ExpressionBytes.attribute(5, [0x33, 0])
      bytes += nested(4, nested(1, state + scales + flags))
    }
    if let packets {
      bytes += nested(9, counters(packets.sent)) + nested(10, counters(packets.answered))
    }
    return bytes
  }

  /// A message `IPCTNL_MSG_CT_NEW`.
  func message(_ sequence: UInt32) -> [UInt8] {
    ScriptedSubsystem.message(1, 0, family: family.netlinkNumber, attributes, sequence)
  }

  private func tuple(_ source: (String, UInt16), _ destination: (String, UInt16)) -> [UInt8] {
    let types: (UInt16, UInt16) = family == .ipv4 ? (1, 2) : (3, 4)
    let addresses =
      ExpressionBytes.attribute(types.0, address(source.0))
      + ExpressionBytes.attribute(types.1, address(destination.0))
    var transport = ExpressionBytes.attribute(1, [ipProtocol])
    if hasPorts {
      transport +=
        ScriptedSubsystem.number(2, source.1) + ScriptedSubsystem.number(3, destination.1)
    }
    return nested(1, addresses) + nested(2, transport)
  }

  private func counters(_ packets: UInt64) -> [UInt8] {
    ScriptedSubsystem.number(1, packets) + ScriptedSubsystem.number(2, packets &* 60)
  }

  /// Nested attributes carry a flag that says so.
  private func nested(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    ExpressionBytes.attribute(type | 0x8000, payload)
  }

  private func address(_ text: String) -> [UInt8] {
    guard let address = IPAddress(text) else { return [] }
    let words = [address.high, address.low].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
    }
    return Array(words.prefix(family == .ipv4 ? 4 : 16))
  }
}

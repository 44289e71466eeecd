import Netfilter

@testable import IPTablesSource

extension TranslatedConnection {
  /// What ``EntryBytes`` has unless it is told otherwise.
  static func example(
    _ ipProtocol: UInt8 = 17, client: String = "10.244.0.9", destination: String = "10.96.0.10",
    endpoint: String = "10.244.0.3", isReplied: Bool = false, timeout: UInt32? = 29,
    packets: Packets? = nil, tcp: TCP? = nil
  ) -> TranslatedConnection? {
    guard let client = IPAddress(client), let destination = IPAddress(destination),
      let endpoint = IPAddress(endpoint)
    else { return nil }
    return TranslatedConnection(
      ipProtocol: ipProtocol, client: client, clientPort: 40_000, destination: destination,
      destinationPort: 53, endpoint: endpoint, endpointPort: 5353, isReplied: isReplied,
      timeout: timeout, packets: packets, tcp: tcp)
  }
}

/// A kernel's connection tracking, which has entries and counters.
struct ScriptedConntrack {
  let subsystem: ScriptedSubsystem

  init(
    entries: [EntryBytes] = [], limit: UInt32? = 262_144, processors: [[UInt16: UInt32]] = [],
    _ presence: KernelSubsystem.Presence = .present
  ) {
    subsystem = ScriptedSubsystem(.conntrack, presence) { request in
      let sequence = request.sequence
      var messages: [[UInt8]] = []
      switch request.type {
      case 5:
        var size = ScriptedSubsystem.number(1, UInt32(37))
        if let limit { size += ScriptedSubsystem.number(2, limit) }
        messages = [ScriptedSubsystem.message(1, 5, family: 0, size, sequence)]
      case 4:
        messages = processors.map { counts in
          let attributes = counts.sorted { $0.key < $1.key }.flatMap {
            ScriptedSubsystem.number($0.key, $0.value)
          }
          return ScriptedSubsystem.message(1, 4, family: 0, attributes, sequence)
        }
      default: messages = entries.map { $0.message(sequence) }
      }
      let end = request.isDump ? [ScriptedKernel.end(sequence)] : []
      return (messages + end).map(ScriptedKernel.Reception.bytes)
    }
  }

  func makeReader() -> ConntrackReader { ConntrackReader(subsystem.makeConnection()) }
}

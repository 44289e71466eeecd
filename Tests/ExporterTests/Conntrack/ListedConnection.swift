import Netfilter
import TestSupport

/// A line of `conntrack -L`, taken apart word by word.
struct ListedConnection: Hashable {
  let transport: String
  let isUnreplied: Bool
  /// The values of `src`, `dst`, `sport` and `dport`, in the order of the line: those of the client's direction, and
  /// those of the answers'.
  private let source: [String]
  private let destination: [String]
  private let sourcePort: [UInt16]
  private let destinationPort: [UInt16]

  var asked: (address: String, port: UInt16) { (destination[0], destinationPort[0]) }
  var endpoint: (address: String, port: UInt16) { (source[1], sourcePort[1]) }
  var clientPort: UInt16 { sourcePort[0] }
  var isTranslated: Bool { asked != endpoint }

  /// The endpoint as `--to-destination` has it.
  var endpointText: String {
    endpoint.address.contains(":")
      ? "[\(endpoint.address)]:\(endpoint.port)" : "\(endpoint.address):\(endpoint.port)"
  }

  init?(_ line: Substring) {
    let words = line.split(separator: " ").map(String.init)
    let values = { (name: String) in
      words.filter { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }
    guard let transport = words.first, values("sport").count == 2 else { return nil }
    self.transport = transport
    isUnreplied = words.contains("[UNREPLIED]")
    source = values("src")
    destination = values("dst")
    sourcePort = values("sport").compactMap { UInt16($0) }
    destinationPort = values("dport").compactMap { UInt16($0) }
  }

  /// All that were translated, of this thread's network namespace.
  static func all(_ family: IPFamily) throws -> [ListedConnection] {
    let text = try Command.run("conntrack", "-L", "-f", family == .ipv4 ? "ipv4" : "ipv6")
    return String(decoding: text, as: UTF8.self).split(separator: "\n")
      .compactMap(ListedConnection.init).filter(\.isTranslated)
  }
}

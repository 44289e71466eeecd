import FoundationEssentials

/// A saved rule set on disk that can be replaced; gone with this object.
final class RulesFile: Sendable {
  let path: String

  init() {
    path = "/tmp/kube-iptables-exporter-\(UUID().uuidString).rules"
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }
}

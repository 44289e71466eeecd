import FoundationEssentials
import IPTablesSource
import Netfilter
import TestSupport

/// What rules ask for: packets to these addresses and ports, and from these networks, meet more of them
/// than others do.
struct RuleTargets {
  struct Target: Hashable {
    var source: IPAddress?
    var destination: IPAddress?
    var ipProtocol: UInt8?
    var port: UInt16?
  }

  let family: IPFamily
  let targets: [Target]

  init(_ snapshot: FamilySnapshot) {
    family = snapshot.family
    var targets: Set<Target> = []
    for table in snapshot.tables {
      for chain in table.content.chains {
        for rule in chain.rules {
          let target = Target(String(decoding: rule.line, as: UTF8.self))
          if target != Target() { targets.insert(target) }
        }
      }
    }
    self.targets = targets.sorted { "\($0)" < "\($1)" }
  }
}

extension RuleTargets.Target {
  /// - Parameter line: A rule, behind `-A CHAIN`.
  fileprivate init(_ line: String) {
    let words = line.split(separator: " ").map(String.init)
    for (index, option) in words.enumerated().dropLast() where index == 0 || words[index - 1] != "!"
    {
      let value = words[index + 1]
      switch option {
      case "-s": source = Self.address(in: value)
      case "-d": destination = Self.address(in: value)
      case "-p": ipProtocol = ProtocolName.number(named: value)
      case "--dport", "--dports":
        port = value.split { ":,".contains($0) }.first.flatMap { UInt16($0) }
      default: break
      }
    }
  }

  /// The address itself, or the third one of a network.
  private static func address(in network: String) -> IPAddress? {
    let parts = network.split(separator: "/")
    guard let address = parts.first.flatMap({ IPAddress(String($0)) }) else { return nil }
    let length = parts.count > 1 ? Int(parts[1]) ?? 0 : nil
    if length == nil || length == (address.family == .ipv4 ? 32 : 128) { return address }
    return address.family == .ipv4
      ? IPAddress(ipv4: UInt32(address.high >> 32) | 3)
      : IPAddress(ipv6High: address.high, low: address.low | 3)
  }
}

/// Rules that other agents than kube-proxy write, with the sets that they ask.
struct AgentRules {
  let name: String
  let family: IPFamily
  /// With the node's interfaces in place of the agent's.
  let text: String
  /// Arguments of ipset.
  private let sets: [(name: String, kind: String, entries: [String])]

  /// Those of one family in `Tests/PacketWalkTests/Agents`.
  static func all(_ family: IPFamily) throws -> [AgentRules] {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    let folder = here.dropLast(2).joined(separator: "/") + "/Agents"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    return try names.filter { $0.hasSuffix(".v6.rules") == (family == .ipv6) }.map { name in
      try AgentRules(
        name: name, family,
        try String(contentsOfFile: folder + "/" + name, encoding: .utf8))
    }
  }

  /// Reads `# interfaces: cali+=po+ …` and `# set: NAME KIND ENTRY…` in the text's head.
  private init(name: String, _ family: IPFamily, _ text: String) throws {
    self.name = name
    self.family = family
    var text = text
    var sets: [(String, String, [String])] = []
    for line in text.split(separator: "\n").prefix(while: { $0.hasPrefix("#") }) {
      let words = line.split(separator: " ").map(String.init).dropFirst()
      if words.first == "interfaces:" {
        for pair in words.dropFirst().map({ $0.split(separator: "=") }) {
          for option in ["-i", "-o"] {
            text = text.replacing("\(option) \(pair[0]) ", with: "\(option) \(pair[1]) ")
          }
        }
      } else if words.first == "set:", words.count > 2 {
        sets.append((words[2], words[3], Array(words.dropFirst(3))))
      }
    }
    self.text = text
    self.sets = sets
  }

  func makeSets() throws {
    for set in sets {
      try Command.run(
        "ipset", "-exist", "create", set.name, set.kind, "family",
        family == .ipv4 ? "inet" : "inet6")
      for entry in set.entries { try Command.run("ipset", "-exist", "add", set.name, entry) }
    }
  }

  func snapshot() throws -> FamilySnapshot {
    guard let snapshot = try SaveFileParser.parse(Array(text.utf8)).first else {
      throw MissingRules(name: name)
    }
    return snapshot
  }

  private struct MissingRules: Error {
    let name: String
  }
}

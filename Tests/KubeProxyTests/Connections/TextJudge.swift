/// What a person finds who follows each rule of a dump: where a service port is asked, and where its clients may
/// be sent. Slow and obvious.
struct TextJudge {
  struct Service {
    let name: String
    var places: [Place] = []
    /// All `--to-destination` of nat that its dispatch rules lead to.
    var targets: Set<String> = []
  }

  struct Place: CustomStringConvertible {
    /// Nil for a NodePort.
    let address: String?
    let port: UInt16
    let ipProtocol: UInt8

    var description: String { "\(address ?? "node"):\(port)/\(ipProtocol)" }
  }

  private(set) var services: [Service] = []
  /// For each chain of nat, its rules' words.
  private var nat: [String: [[String]]] = [:]
  private var filter: [String: [[String]]] = [:]

  init(_ text: String) {
    var table = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("*") { table = String(line.dropFirst()) }
      let words = Self.words(line)
      guard let start = words.firstIndex(of: "-A") else { continue }
      let rule = Array(words[(start + 2)...])
      if table == "nat" { nat[words[start + 1], default: []].append(rule) }
      if table == "filter" { filter[words[start + 1], default: []].append(rule) }
    }
    var found: [String: Service] = [:]
    for chain in ["KUBE-SERVICES", "KUBE-NODEPORTS"] {
      for rule in nat[chain] ?? [] { take(rule, &found) }
    }
    for chain in ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES"] {
      for rule in filter[chain] ?? [] { take(rule, &found) }
    }
    services = found.values.sorted { $0.name < $1.name }
  }

  private func take(_ rule: [String], _ services: inout [String: Service]) {
    guard let comment = Self.value("--comment", rule), let port = Self.value("--dport", rule),
      let transport = Self.value("-p", rule), let name = comment.split(separator: " ").first,
      let number = UInt16(port), let target = Self.value("-j", rule), target != "KUBE-MARK-MASQ"
    else { return }
    let ipProtocol: UInt8 = transport == "tcp" ? 6 : transport == "udp" ? 17 : 132
    // 1.19 and earlier write a colon behind a service port without a name.
    let key = "\(name)/\(transport)"
    var service = services[key] ?? Service(name: key)
    service.places.append(
      Place(address: Self.value("-d", rule), port: number, ipProtocol: ipProtocol))
    service.targets.formUnion(targets(from: target))
    services[key] = service
  }

  private func targets(from chain: String) -> Set<String> {
    var targets: Set<String> = []
    for rule in nat[chain] ?? [] {
      if let target = Self.value("--to-destination", rule) { targets.insert(target) }
      if let next = Self.value("-j", rule), next.hasPrefix("KUBE-"), !next.hasPrefix("KUBE-MARK") {
        targets.formUnion(self.targets(from: next))
      }
    }
    return targets
  }

  private static func value(_ option: String, _ rule: [String]) -> String? {
    guard let index = rule.firstIndex(of: option), index + 1 < rule.count else { return nil }
    return rule[index + 1]
  }

  /// The words of a line; one in quotes may have spaces.
  private static func words(_ line: Substring) -> [String] {
    var words: [String] = []
    var isQuoted = false
    for part in line.split(separator: "\"", omittingEmptySubsequences: false) {
      if isQuoted {
        words.append(String(part))
      } else {
        words += part.split(separator: " ").map(String.init)
      }
      isQuoted.toggle()
    }
    return words
  }
}

import TestSupport

/// Whose every rule of a dump is, told by the words of its text.
///
/// The dispatch rules' comments name the service ports; whatever their jumps lead to, from chain to
/// chain, is theirs. It trusts every comment, and takes it that a SEP has one service port: as it is
/// in what kube-proxy writes.
struct TextAccount {
  let text: SaveText
  /// The chains of nat that a service port's rules lead to, with the service port.
  let chainOwners: [String: String]
  /// The service chains of nat that nothing leads to.
  let orphanChains: Int

  init(_ bytes: [UInt8]) {
    let text = SaveText(bytes)
    let nat = text.tables["nat"] ?? [:]
    var owners: [String: String] = [:]
    for dispatch in Self.dispatchChains {
      for rule in text.rules("nat", dispatch) {
        guard let name = Self.service(of: rule), let target = rule.target else { continue }
        var pending = [target]
        while let chain = pending.popLast() {
          guard Self.kind(ofService: chain) != nil, owners.updateValue(name, forKey: chain) == nil
          else { continue }
          pending += (nat[chain]?.rules ?? []).compactMap(\.target)
        }
      }
    }
    self.text = text
    chainOwners = owners
    orphanChains = nat.keys.count { Self.kind(ofService: $0) != nil && owners[$0] == nil }
  }

  /// The service port of a rule of nat.
  func owner(of rule: SaveText.Rule, in chain: String) -> String? {
    Self.dispatchChains.contains(chain) ? Self.service(of: rule) : chainOwners[chain]
  }

  /// By service port, its rules in nat.
  var natRules: [String: Int] {
    var counts: [String: Int] = [:]
    for chain in (text.tables["nat"] ?? [:]).values {
      for rule in chain.rules {
        if let owner = owner(of: rule, in: chain.name) { counts[owner, default: 0] += 1 }
      }
    }
    return counts
  }

  /// By service port, the rules of filter that name it where kube-proxy names service ports.
  var filterRules: [String: Int] {
    let chains = ["SERVICES", "EXTERNAL-SERVICES", "NODEPORTS", "PROXY-FIREWALL"]
    var counts: [String: Int] = [:]
    for rule in chains.flatMap({ text.rules("filter", "KUBE-" + $0) }) {
      if let name = Self.service(of: rule) { counts[name, default: 0] += 1 }
    }
    return counts
  }

  /// By service port, the distinct SEP chains that its chains lead to.
  var sepChains: [String: Int] {
    var counts: [String: Int] = [:]
    for (chain, owner) in chainOwners where chain.hasPrefix("KUBE-SEP-") {
      counts[owner, default: 0] += 1
    }
    return counts
  }

  /// The kind of a chain, as the metrics have it.
  static func kind(of chain: SaveText.Chain) -> String {
    if chain.isBuiltIn { return "builtin" }
    if let kind = kind(ofService: chain.name) { return kind }
    if chain.name.hasPrefix("KUBE-") { return "KUBE-other" }
    return ["CNI", "DOCKER", "FLANNEL"].first { chain.name.hasPrefix($0) } ?? "other"
  }

  private static let dispatchChains = ["KUBE-SERVICES", "KUBE-NODEPORTS"]

  private static func kind(ofService chain: String) -> String? {
    ["KUBE-SVC", "KUBE-SVL", "KUBE-EXT", "KUBE-FW", "KUBE-XLB", "KUBE-SEP"].first {
      chain.hasPrefix($0 + "-") && chain.count == $0.count + 17
    }
  }

  /// As ``Scrape/services(_:)`` has it; nil where the comment names no service port.
  private static func service(of rule: SaveText.Rule) -> String? {
    guard let name = rule.commentName, name.contains("/"), let transport = rule.word(after: "-p")
    else { return nil }
    return "\(name) \(transport.uppercased())"
  }
}

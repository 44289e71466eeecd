internal import KubeProxy
internal import Netfilter

/// What is wrong with the filter table.
enum FilterFindings {
  static func find(in filter: TableContent, _ map: ServiceMap) -> [Finding] {
    var findings = TableFindings.hooks(in: filter)
    for chain in filter.chains.indices where filter.chains[chain].name.isFilled {
      let (name, rules) = (filter.chains[chain].name, filter.chains[chain].rules)
      let unguarded =
        name == .kubeFirewall ? rules.indices.filter { rules[$0].dropsEverything } : []
      if let first = unguarded.first {
        findings.append(
          filter.finding(
            .unguardedDrop, chain: chain, unguarded,
            "rule \(first + 1) of \(name) drops every packet that comes to it"))
      }
      for positions in DuplicateRules.find(in: rules) where !unguarded.contains(positions[0]) {
        findings.append(DuplicateRules.finding(positions, in: filter, chain, map))
      }
    }
    return findings
  }
}

extension Rule {
  /// Whether it drops or rejects, and no match keeps a packet from it.
  fileprivate var dropsEverything: Bool {
    guard outline.outcome == .blocked else { return false }
    var isVacuous = true
    forEachElement { element, line, owner in
      switch element.kind {
      case .selector: isVacuous = false
      case .match where !line.isText("comment", owner) && !line.isText("mark", owner):
        isVacuous = false
      case .option where line.isText("mark", owner):
        if element.isInverted || !line.isText("0x0/0x0", element.value) { isVacuous = false }
      case .match, .option, .target, .goto: break
      }
    }
    return isVacuous
  }
}

/// What is wrong with a table as a whole: chains and jumps that are missing or too many, and rules that
/// nobody uses.
enum TableFindings {
  /// Jumps from built-in chains to kube-proxy's and the kubelet's that are missing, or there twice.
  static func hooks(in content: TableContent) -> [Finding] {
    let hooks = (Hook.services + Hook.plumbing).filter { $0.table == content.name }
    let names = content.chainNames(among: [.kubeServices] + hooks.map(\.target))
    var findings: [Finding] = []
    for index in content.chains.indices.prefix(content.builtInCount) {
      let chain = content.chains[index]
      let jumps = Self.jumps(in: chain)
      // Without KUBE-SERVICES there is no kube-proxy that would serve by iptables.
      for hook in hooks where hook.chain == chain.name && names.contains(.kubeServices) {
        guard names.contains(hook.target), jumps[hook.target] == nil else { continue }
        findings.append(
          Finding(
            .hookJumpMissing, in: content, chains: [hook.chain, hook.target],
            mark: hook.target.hashValue, "no rule of \(hook.chain) leads to \(hook.target)"))
      }
      for (target, positions) in jumps.sorted(by: { $0.key < $1.key }) where positions.count > 1 {
        // Jumps for the same packets, whatever their comments say.
        let groups = Dictionary(grouping: positions) { chain.rules[$0].withoutComments }
        findings += groups.values.filter { $0.count > 1 }.map { positions in
          content.finding(
            .hookJumpDuplicated, chain: index, positions, also: [target], mark: target.hashValue,
            "\(chain.name) leads to \(target) \(positions.count) times, for the same packets")
        }
      }
    }
    return findings
  }

  /// By target, the positions of the rules that lead to chains of kube-proxy and the kubelet.
  private static func jumps(in chain: Chain) -> [ChainName: [Int]] {
    var jumps: [ChainName: [Int]] = [:]
    for position in chain.rules.indices {
      guard case .chain(let target) = chain.rules.outcome(at: position), target.isFilled else {
        continue
      }
      jumps[target, default: []].append(position)
    }
    return jumps
  }

  private static let canaries: [ChainName] = ["KUBE-KUBELET-CANARY", "KUBE-PROXY-CANARY"]

  /// Missing canaries: kube-proxy and the kubelet leave these chains in three tables, to see by their
  /// absence that somebody has flushed one.
  static func canaries(in tables: [TableContent]) -> [Finding] {
    let watched = tables.filter { Anomaly.canaryMissing.tables.contains($0.name) }
    let found = watched.map { $0.chainNames(among: canaries) }
    let expected = canaries.filter { canary in found.contains { $0.contains(canary) } }
    return zip(watched, found).compactMap { content, found in
      let missing = expected.filter { !found.contains($0) }
      if missing.isEmpty { return nil }
      let names = missing.map(\.description).joined(separator: " and ")
      return Finding(
        .canaryMissing, in: content, chains: missing,
        "\(content.name.rawValue) has no \(names), and other tables do")
    }
  }

  /// Rules that kube-proxy's iptables mode wrote for services, on a node where it is in another mode.
  ///
  /// Packets still meet them, before or instead of what kube-proxy writes now.
  ///
  /// - Returns: at most one finding for each table.
  static func ghosts(in tables: [TableContent], _ mode: KubeProxyMode) -> [Finding] {
    guard mode.servesElsewhere else { return [] }
    return tables.compactMap { content in
      let positions = content.chains.indices.map { Array(content.serviceRules(ofChainAt: $0)) }
      let rules = positions.enumerated().flatMap { content.places($1, in: $0) }
      if rules.isEmpty { return nil }
      let count = rules.count == 1 ? "1 rule is" : "\(rules.count) rules are"
      return Finding(
        .ghostRules, in: content,
        chains: positions.indices.filter { !positions[$0].isEmpty }.map { content.chains[$0].name },
        rules: rules, "\(count) for services, and kube-proxy is in \(mode.rawValue) mode")
    }
  }
}

extension TableContent {
  /// Those of some names that chains have.
  fileprivate func chainNames(among names: [ChainName]) -> Set<ChainName> {
    // By index: a copy of each chain would touch its rules' storage.
    Set(chains.indices.lazy.map { self.chains[$0].name }.filter(names.contains))
  }
}

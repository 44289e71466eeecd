internal import KubeProxy
internal import Netfilter

/// What is wrong with a table as a whole: chains and jumps that are missing or too many, and rules that
/// nobody uses.
enum TableFindings {
  /// Jumps from built-in chains to kube-proxy's and the kubelet's that are missing, or there twice.
  static func hooks(in content: TableContent) -> [Finding] {
    let names = content.chainNames(among: [.kubeServices] + Hook.plumbing.map(\.target))
    var findings: [Finding] = []
    for index in content.chains.indices.prefix(content.builtInCount) {
      let jumps = Self.jumps(in: content.chains[index])
      for hook in Hook.services + Hook.plumbing
      where hook.table == content.name && hook.chain == content.chains[index].name {
        // Without KUBE-SERVICES there is no kube-proxy that would serve by iptables.
        guard names.contains(.kubeServices), names.contains(hook.target),
          jumps[hook.target] == nil
        else { continue }
        findings.append(
          Finding(
            .hookJumpMissing, in: content, chains: [hook.chain, hook.target],
            mark: hook.target.hashValue, "no rule of \(hook.chain) leads to \(hook.target)"))
      }
      findings += duplicates(jumps, in: content, chain: index)
    }
    return findings
  }

  /// By target, the positions of the rules that lead to chains of kube-proxy and the kubelet.
  private static func jumps(in chain: Chain) -> [ChainName: [Int]] {
    var jumps: [ChainName: [Int]] = [:]
    for position in 0..<chain.rules.count {
      guard case .chain(let target) = chain.rules.outcome(at: position),
        ChainRole(target) == .dispatch || target.isPlumbing
      else { continue }
      jumps[target, default: []].append(position)
    }
    return jumps
  }

  /// Jumps for the same packets, whatever their comments say.
  private static func duplicates(
    _ jumps: [ChainName: [Int]], in content: TableContent, chain: Int
  ) -> [Finding] {
    let (name, rules) = (content.chains[chain].name, content.chains[chain].rules)
    return jumps.sorted { $0.key < $1.key }.flatMap { target, positions -> [Finding] in
      guard positions.count > 1 else { return [] }
      let groups = Dictionary(grouping: positions) { rules[$0].withoutComments }
      return groups.values.filter { $0.count > 1 }.map { positions in
        Finding(
          .hookJumpDuplicated, in: content, chains: [name, target],
          rules: content.places(positions, in: chain), mark: target.hashValue,
          "\(name) leads to \(target) \(positions.count) times, for the same packets")
      }
    }
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
    var found: Set<ChainName> = []
    // By index: a copy of each chain would touch its rules' storage.
    for index in chains.indices where names.contains(chains[index].name) {
      found.insert(chains[index].name)
    }
    return found
  }
}

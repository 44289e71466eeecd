internal import KubeProxy
internal import Netfilter

/// Jumps from built-in chains to kube-proxy's and the kubelet's that are missing, or there twice.
enum HookFindings {
  static func find(in content: TableContent) -> [Finding] {
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
    jumps.sorted { $0.key < $1.key }.flatMap { target, positions -> [Finding] in
      guard positions.count > 1 else { return [] }
      let rules = content.chains[chain].rules
      let groups = Dictionary(grouping: positions) { rules[$0].withoutComments }
      return groups.values.filter { $0.count > 1 }.map { positions in
        let name = content.chains[chain].name
        return Finding(
          .hookJumpDuplicated, in: content, chains: [name, target],
          rules: positions.map { RulePlace(content, chain: chain, $0) }, mark: target.hashValue,
          "\(name) leads to \(target) \(positions.count) times, for the same packets")
      }
    }
  }
}

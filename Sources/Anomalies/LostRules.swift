internal import KubeProxy
internal import Netfilter

/// Finds what somebody flushed, or kube-proxy never wrote, where it serves by iptables' rules. What follows
/// from that is counted in it.
enum LostRules {
  /// The faults of a table as they are to be reported.
  ///
  /// - Parameter found: what was found in the table otherwise.
  static func causes(in content: TableContent, _ map: ServiceMap, of found: [Finding]) -> [Finding]
  {
    guard let services = content.chainIndex(of: .kubeServices) else { return found }
    if isFlushed(content, services) {
      let name = content.name.rawValue
      let cause = Finding(
        .tableFlushed, in: content, chains: [.kubeServices],
        "\(name) has kube-proxy's chains, no rule in them, and none that leads to them: "
          + "\(name) was flushed")
      return [cause.causing(found)]
    }
    guard content.name == .nat else { return found }
    if content.chains[services].rules.isEmpty {
      let isConsequence: (Finding) -> Bool = {
        [.orphanChain, .clusterIPMissing].contains($0.anomaly)
      }
      let cause = Finding(
        .servicesChainEmpty, in: content, chains: [.kubeServices],
        "KUBE-SERVICES has no rules: kube-proxy's sync never succeeded, or the chain was flushed")
      return [cause.causing(found.filter(isConsequence))]
        + found.filter { !isConsequence($0) }
    }
    return found + nodePortJump(in: content, map)
  }

  /// Whether no chain of kube-proxy's or the kubelet's has a rule, and no built-in chain leads to one.
  private static func isFlushed(_ content: TableContent, _ services: Int) -> Bool {
    guard content.chains[services].rules.isEmpty else { return false }
    for index in content.chains.indices {
      let rules = content.chains[index].rules
      if rules.isEmpty { continue }
      if index >= content.builtInCount {
        if content.chains[index].name.isKubernetes { return false }
        continue
      }
      if rules.jumps.contains(where: \.target.isKubernetes) { return false }
    }
    return true
  }

  /// The fault that no rule leads to KUBE-NODEPORTS, though there are NodePorts.
  private static func nodePortJump(in nat: TableContent, _ map: ServiceMap) -> [Finding] {
    guard let nodePorts = nat.chainIndex(of: .kubeNodePorts) else { return [] }
    let rules = nat.chains[nodePorts].rules
    // Not only KUBE-SERVICES may lead there.
    let isLed = nat.chains.indices.contains { chain in
      ![.service, .endpoint].contains(map.stage(ofChainAt: chain))
        && map.targets(ofChainAt: chain).contains(Int32(nodePorts))
    }
    if rules.isEmpty || isLed { return [] }
    let owners = Set(
      rules.indices.compactMap { map.owner(ofRule: $0, ofChainAt: nodePorts, in: nat) })
    let count = owners.count == 1 ? "1 service port" : "\(owners.count) service ports"
    return [
      Finding(
        .nodePortJumpMissing, in: nat, chains: [.kubeServices, .kubeNodePorts],
        servicePort: owners.count == 1 ? owners.first.map { map.services[$0].port } : nil,
        "no rule of KUBE-SERVICES leads to KUBE-NODEPORTS: the NodePorts of \(count) are dead")
    ]
  }
}

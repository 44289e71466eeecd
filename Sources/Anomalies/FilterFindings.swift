internal import KubeProxy
internal import Netfilter

/// What is wrong with the filter table.
enum FilterFindings {
  static func find(in filter: TableContent, _ map: ServiceMap) -> [Finding] {
    var findings = TableFindings.hooks(in: filter)
    for chain in filter.chains.indices {
      let name = filter.chains[chain].name
      guard ChainRole(name) == .dispatch || name.isPlumbing else { continue }
      let rules = filter.chains[chain].rules
      let unguarded =
        name == .kubeFirewall ? rules.indices.filter { rules[$0].dropsEverything } : []
      if let first = unguarded.first {
        findings.append(
          Finding(
            .unguardedDrop, in: filter, chains: [name], rules: filter.places(unguarded, in: chain),
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

internal import KubeProxy
internal import Netfilter

/// What is wrong with the filter table.
enum FilterFindings {
  static func find(in filter: TableContent, _ map: ServiceMap) -> [Finding] {
    var findings = HookFindings.find(in: filter)
    for chain in filter.chains.indices {
      let name = filter.chains[chain].name
      guard ChainRole(name) == .dispatch || name.isPlumbing else { continue }
      let rules = filter.chains[chain].rules
      var unguarded: [Int] = []
      if name == .kubeFirewall {
        unguarded = rules.indices.filter { rules[$0].dropsEverything }
        findings += self.unguarded(unguarded, in: filter, chain)
      }
      for positions in DuplicateRules.find(in: rules) where !unguarded.contains(positions[0]) {
        findings.append(duplicate(positions, in: filter, chain, map))
      }
    }
    return findings
  }

  private static func unguarded(
    _ positions: [Int], in filter: TableContent, _ chain: Int
  ) -> [Finding] {
    guard let first = positions.first else { return [] }
    let name = filter.chains[chain].name
    return [
      Finding(
        .unguardedDrop, in: filter, chains: [name],
        rules: positions.map { RulePlace(filter, chain: chain, $0) },
        "rule \(first + 1) of \(name) drops every packet that comes to it")
    ]
  }

  private static func duplicate(
    _ positions: [Int], in filter: TableContent, _ chain: Int, _ map: ServiceMap
  ) -> Finding {
    let name = filter.chains[chain].name
    let owner = map.filterOwners[filter.firstRules[chain] + positions[0]]
    return Finding(
      .duplicateRule, in: filter, chains: [name],
      rules: positions.map { RulePlace(filter, chain: chain, $0) },
      servicePort: owner < 0 ? nil : map.services[Int(owner)].port,
      mark: filter.chains[chain].rules.line(at: positions[0]).hashValue,
      "\(name) holds the rule \(positions.count) times")
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

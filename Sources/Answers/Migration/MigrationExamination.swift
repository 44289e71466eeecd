internal import KubeProxy
public import Netfilter

extension MigrationSource {
  func examine() -> [MigrationFinding] {
    MigrationSubject.allCases.map { subject in
      var finding = MigrationFinding(subject)
      switch subject {
      case .mode: examineMode(&finding)
      case .kernel: examineKernel(&finding)
      case .foreignRules: examineForeignRules(&finding)
      case .leftovers: examineLeftovers(&finding)
      case _ where mode == .nftables: finding.add(.ok, "kube-proxy is in nftables mode already")
      case _ where mode != .iptables:
        finding.add(.unknown, "there are no rules of kube-proxy's mode iptables to judge it by")
      case .localhostNodePorts: examineLocalhostNodePorts(&finding)
      case .nodePortAddresses: examineNodePortAddresses(&finding)
      case .invalidPackets: examineInvalidPackets(&finding)
      case .policies: examinePolicies(&finding)
      }
      return finding
    }
  }

  private func examineMode(_ finding: inout MigrationFinding) {
    switch mode {
    case .iptables: finding.add(.ok, "kube-proxy is in iptables mode")
    case .nftables: finding.add(.ok, "kube-proxy is in nftables mode already")
    case .ipvs:
      finding.add(
        .look,
        node?.evidence.hasInterface == true
          ? "kube-proxy is in ipvs mode, or was: there is an interface kube-ipvs0"
          : "kube-proxy is in ipvs mode, about which these rules tell little")
    case .none:
      finding.add(.unknown, "there are no rules of kube-proxy here")
    }
  }

  private func examineKernel(_ finding: inout MigrationFinding) {
    guard let node else {
      finding.add(.unknown, "a file does not tell the node's kernel")
      return
    }
    guard let release = node.kernelRelease, let version = Self.version(of: release) else {
      finding.add(.unknown, "the kernel's version can't be read")
      return
    }
    if version < (5, 13) {
      finding.add(.blocks, "Linux \(release) is older than 5.13")
    } else {
      finding.add(.ok, "Linux \(release) is 5.13 or later")
    }
  }

  /// The version that a release begins with, such as 5.13 of `5.13.0-52-generic`; nil where it begins with none.
  private static func version(of release: String) -> (Int, Int)? {
    let parts = release.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, let major = Int(parts[0]),
      let minor = Int(parts[1].prefix { $0.isASCII && $0.isNumber })
    else { return nil }
    return (major, minor)
  }

  private func examineInvalidPackets(_ finding: inout MigrationFinding) {
    var rules: [MigrationRule] = []
    var ofRules: UInt64 = 0
    for family in families {
      family.forEachRule(of: .kubeForward, in: .filter) { outline, rule, packets in
        guard outline.outcome == .blocked, rule.rule.matchesInvalid else { return }
        rules.append(rule)
        ofRules += packets
      }
    }
    let counted = node?.counted("ct_state_invalid_dropped_pkts")
    if let counted, counted > 0 {
      finding.add(
        .look,
        "kube-proxy has dropped \(Wording.count(counted, "invalid packet")), as nfacct's "
          + "ct_state_invalid_dropped_pkts has counted")
    } else if ofRules > 0 {
      finding.add(
        .look,
        "kube-proxy has dropped \(Wording.count(ofRules, "invalid packet")) since it last wrote the rules",
        rules)
    } else if counted != nil {
      finding.add(
        .ok,
        "kube-proxy has dropped no invalid packet: ct_state_invalid_dropped_pkts has counted none")
    } else if !families.contains(where: { $0.table(.filter) != nil }), node == nil {
      finding.add(.unknown, "the file does not hold the table filter")
    } else if rules.isEmpty {
      finding.add(.ok, "no rule of kube-proxy drops invalid packets")
    } else {
      finding.add(
        .unknown,
        "how many invalid packets kube-proxy drops is not known: "
          + (node.map { $0.accountsFailure ?? "it counts them in nfacct from 1.31 on" }
            ?? "the live node counts them"))
    }
  }

  private func examineForeignRules(_ finding: inout MigrationFinding) {
    var (inside, into): ([MigrationRule], [MigrationRule]) = ([], [])
    for family in families {
      for content in family.tables.lazy.map(\.content) {
        for rule in content.foreignRules {
          let place = MigrationRule(
            backend: family.backend, content: content, chainIndex: rule.chain,
            position: rule.position)
          if rule.kind == .into { into.append(place) } else { inside.append(place) }
        }
      }
    }
    if !into.isEmpty {
      let verb = into.count == 1 ? "leads" : "lead"
      finding.add(
        .blocks,
        "\(Wording.count(into.count, "rule")) that kube-proxy did not write \(verb) into its chains",
        into)
    }
    if mode == .ipvs {
      finding.add(.unknown, "what others wrote into kube-proxy's chains is not judged in ipvs mode")
    } else if !inside.isEmpty {
      finding.add(
        .blocks,
        "kube-proxy's chains hold \(Wording.count(inside.count, "rule")) that it does not write",
        inside)
    }
    if finding.details.isEmpty {
      finding.add(
        .ok, "all rules in KUBE-* chains, and into them, are kube-proxy's or the kubelet's")
    }
  }

  private func examineLeftovers(_ finding: inout MigrationFinding) {
    for family in ruleset.leftOut + ruleset.beside { family.addLeftovers(to: &finding) }
    let contents = families.flatMap(\.tables).map(\.content)
    let rules = contents.reduce(0) { $0 + $1.serviceRuleCount }
    let count = Wording.count(rules, "rule") + " for services"
    if rules > 0, mode == .ipvs, node?.evidence.hasInterface == true {
      finding.add(.look, "there are an interface kube-ipvs0 and \(count): one of both is left over")
    } else if rules > 0, mode.servesElsewhere {
      finding.add(.look, "\(count) are left of the mode iptables, in \(mode.rawValue) mode")
    } else if Landmarks.of(contents).isSuperset(of: [.ipvs, .servicePorts]) {
      finding.add(.look, "chains of the mode ipvs stand beside \(count)")
    } else if node == nil, finding.details.isEmpty {
      finding.add(
        .unknown,
        "these rules show none; the other backend, the interface kube-ipvs0 and nf_tables' table "
          + "kube-proxy show on the live node only")
    }
    if finding.details.isEmpty {
      finding.add(.ok, "nothing is left of another mode, nor in the other backend")
    }
  }
}

extension Rule {
  /// Whether the rule is for packets that connection tracking finds invalid.
  fileprivate var matchesInvalid: Bool {
    contains { element, line, _ in
      (line.isText("--ctstate", element.name) || line.isText("--state", element.name))
        && line.isText("INVALID", element.value) && !element.isInverted
    }
  }
}

extension TableContent {
  /// How many rules lead to service ports, or block them.
  fileprivate var serviceRuleCount: Int {
    chains.indices.reduce(0) { $0 + Array(serviceRules(ofChainAt: $1)).count }
  }
}

extension FamilySnapshot {
  /// Adds what the backend holds of Kubernetes that kube-proxy doesn't use.
  fileprivate func addLeftovers(to finding: inout MigrationFinding) {
    let place = "the other backend, \(backend.rawValue) (\(family.rawValue)),"
    let rules = tables.reduce(0) { $0 + $1.content.serviceRuleCount }
    if rules > 0 {
      finding.add(
        .blocks, "\(place) holds \(Wording.count(rules, "rule")) for services beside those in use")
      return
    }
    let chains = tables.lazy.flatMap(\.content.chains).map(\.name)
    let names = Set(chains.filter(\.isKubernetes))
    if !names.isEmpty {
      finding.add(
        .look,
        "\(place) holds \(Wording.list(names.sorted().map(\.description))), and no rules for services"
      )
    }
  }
}

/// A node, live or as a file has it, that `migrate` examines.
struct MigrationSource: Sendable {
  let ruleset: Ruleset
  /// What only a live node shows; nil for a file.
  let node: LiveNode?

  var families: [FamilySnapshot] { ruleset.families }
  var mode: KubeProxyMode { ruleset.mode }
}

/// What a node shows beside its rules.
public struct LiveNode: Sendable {
  /// What `uname -r` prints, such as `6.1.0-18-amd64`; nil where it can't be read.
  let kernelRelease: String?
  let evidence: NodeEvidence
  /// What nfacct's objects of that name have counted; nil where there is none of the name, or that isn't
  /// known.
  let counted: @Sendable (String) -> UInt64?
  /// Why no objects of nfacct are known; nil where they are, or there are none.
  let accountsFailure: String?

  public init(
    kernelRelease: String?, evidence: NodeEvidence, accountsFailure: String? = nil,
    counted: @escaping @Sendable (String) -> UInt64? = { _ in nil }
  ) {
    self.kernelRelease = kernelRelease
    self.evidence = evidence
    self.accountsFailure = accountsFailure
    self.counted = counted
  }
}

extension FamilySnapshot {
  /// Calls `body` with each rule of a chain, and the packets that it has counted.
  func forEachRule(
    of name: ChainName, in table: TableName, _ body: (RuleOutline, MigrationRule, UInt64) -> Void
  ) {
    guard let table = self.table(table), let chain = table.content.chainIndex(of: name) else {
      return
    }
    let rules = table.content.chains[chain].rules
    for (position, rule) in zip(rules.indices, table.content.ruleRange(of: chain)) {
      let place = MigrationRule(
        backend: backend, content: table.content, chainIndex: chain, position: position)
      body(rules.outline(at: position), place, table.counters[rule].packets)
    }
  }

  /// Whether anything was counted. A file that was saved without counters has none but 0.
  var hasCounts: Bool {
    tables.contains { table in
      table.counters.contains { $0.packets > 0 } || table.policyCounters.contains { $0.packets > 0 }
    }
  }
}

internal import KubeProxy
internal import Netfilter

extension MigrationSource {
  /// Examines whether filter drops by itself what kube-proxy accepts in iptables mode.
  func examinePolicies(_ finding: inout MigrationFinding) {
    for family in families {
      guard family.table(.filter) != nil else {
        if node == nil {
          finding.add(
            .unknown, "the file does not hold the table filter (\(family.family.rawValue))")
        }
        continue
      }
      family.addForwarding(to: &finding, hasCounts: node != nil || family.hasCounts)
      family.addHealthChecks(to: &finding)
    }
    if finding.details.isEmpty {
      finding.add(
        .ok,
        "filter drops nothing that kube-proxy accepts (firewalls in other tables are not examined)")
    }
  }
}

/// What drops all that no rule of a built-in chain of filter has accepted.
private struct ChainEnding {
  /// The policy, or a rule.
  let words: String
  let rules: [MigrationRule]
  /// How many rules are not kube-proxy's jumps, nor the one that drops.
  let others: Int

  /// Nil where nothing does, or there is no such chain.
  init?(of name: ChainName, in snapshot: FamilySnapshot) {
    guard let content = snapshot.table(.filter)?.content, let index = content.chainIndex(of: name)
    else { return nil }
    let chain = content.chains[index]
    let drop = chain.rules.indices.first { chain.rules.line(at: $0).blocksAll }
    let end = drop ?? chain.rules.count
    others = (0..<end).count { position in
      guard let target = chain.rules.chain(at: position) else { return true }
      return ChainRole(target) == .other
    }
    if let drop {
      words = "a rule of \(name) drops all that is left"
      rules = [
        MigrationRule(
          backend: snapshot.backend, content: content, chainIndex: index, position: drop)
      ]
    } else if chain.policy == .drop {
      words = "\(name) has the policy DROP"
      rules = []
    } else {
      return nil
    }
  }
}

extension ArraySlice<UInt8> {
  /// Whether the line is a rule that drops or rejects every packet.
  fileprivate var blocksAll: Bool {
    starts(with: "-j DROP".utf8) && count == 7 || starts(with: "-j REJECT".utf8)
  }
}

extension FamilySnapshot {
  /// Adds whether FORWARD drops what KUBE-FORWARD accepts.
  fileprivate func addForwarding(to finding: inout MigrationFinding, hasCounts: Bool) {
    guard let ending = ChainEnding(of: "FORWARD", in: self) else { return }
    var accepted: UInt64 = 0
    forEachRule(of: .kubeForward, in: .filter) { outline, _, packets in
      if outline.outcome == .other { accepted += packets }
    }
    let count =
      hasCounts ? ". KUBE-FORWARD has accepted \(Wording.count(accepted, "packet"))" : ""
    let place = "\(ending.words) (\(family.rawValue))"
    if ending.others == 0 {
      finding.add(
        .blocks, "\(place), and no rule but kube-proxy's accepts anything\(count)", ending.rules)
    } else {
      finding.add(
        .look,
        "\(place), and \(Wording.count(ending.others, "rule")) of others may accept services' packets"
          + count, ending.rules)
    }
  }

  /// Adds whether INPUT drops the health checks that filter's KUBE-NODEPORTS accepts.
  fileprivate func addHealthChecks(to finding: inout MigrationFinding) {
    var checks: [MigrationRule] = []
    forEachRule(of: .kubeNodePorts, in: .filter) { outline, rule, _ in
      if outline.outcome == .other { checks.append(rule) }
    }
    guard !checks.isEmpty, let ending = ChainEnding(of: "INPUT", in: self) else { return }
    finding.add(
      ending.others == 0 ? .blocks : .look,
      "\(ending.words) (\(family.rawValue)), and kube-proxy accepts health checks at "
        + Wording.count(checks.count, "port"), ending.rules + checks)
  }
}

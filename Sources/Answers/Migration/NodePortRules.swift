internal import KubeProxy
internal import Netfilter

/// What the rules of a family say of NodePorts.
struct NodePortRules {
  let family: IPFamily
  /// Distinct protocols and ports of rules that lead to service ports.
  private(set) var ports: Set<NodePort> = []
  /// Packets that these rules have counted, the first of each connection, without those to 127.0.0.0/8.
  private(set) var connections: UInt64 = 0
  /// The rules for 127.0.0.0/8, and what they have counted (kube-proxy 1.31 on).
  private(set) var localhost: (rules: [MigrationRule], packets: UInt64) = ([], 0)
  /// The rules that lead to KUBE-NODEPORTS, with what they restrict the address to.
  private(set) var jumps: [(rule: MigrationRule, destination: AddressMatch?)] = []

  struct NodePort: Hashable {
    let ipProtocol: UInt8?
    let port: UInt16?
  }

  init(_ snapshot: FamilySnapshot) {
    family = snapshot.family
    snapshot.forEachRule(of: .kubeNodePorts, in: .nat) { outline, rule, packets in
      guard case .chain(let name) = outline.outcome, case .service = ChainRole(name) else { return }
      ports.insert(NodePort(ipProtocol: outline.ipProtocol, port: outline.destinationPort))
      if outline.destination?.address.isLoopback == true {
        localhost.packets += packets
        localhost.rules.append(rule)
      } else {
        connections += packets
      }
    }
    snapshot.forEachRule(of: .kubeServices, in: .nat) { outline, rule, _ in
      if outline.outcome.chain == .kubeNodePorts { jumps.append((rule, outline.destination)) }
    }
  }

  /// The addresses that NodePorts are restricted to; nil where they aren't.
  ///
  /// Without `--nodeport-addresses` one rule leads to KUBE-NODEPORTS, for all local addresses. With it there
  /// is one for each of the node's addresses that it names.
  var addresses: [AddressMatch]? {
    let given = jumps.compactMap { $0.destination }.filter { !$0.inverted }
    return !jumps.isEmpty && given.count == jumps.count ? given : nil
  }

  /// Whether NodePorts are kept from being reached at 127.0.0.1.
  var excludesLocalhost: Bool {
    if let addresses { return !addresses.contains(where: \.address.isLoopback) }
    return !jumps.isEmpty
      && jumps.allSatisfy { $0.destination.map { $0.inverted && $0.address.isLoopback } ?? false }
  }
}

extension MigrationSource {
  func examineLocalhostNodePorts(_ finding: inout MigrationFinding) {
    guard let family = families.first(where: { $0.family == .ipv4 }) else {
      finding.add(.ok, "only IPv4 has NodePorts at 127.0.0.1, and there are no rules of it here")
      return
    }
    let rules = NodePortRules(family)
    let packets = node?.counted("localhost_nps_accepted_pkts")
    if let packets, packets > 0 {
      finding.add(
        .blocks,
        "clients use NodePorts at 127.0.0.1: nfacct's localhost_nps_accepted_pkts has counted "
          + Wording.count(packets, "connection"))
    } else if rules.localhost.packets > 0 {
      finding.add(
        .blocks,
        "clients use NodePorts at 127.0.0.1: these rules have counted "
          + Wording.count(rules.localhost.packets, "connection"), rules.localhost.rules)
    } else if packets != nil {
      finding.add(
        .ok, "no client uses NodePorts at 127.0.0.1: localhost_nps_accepted_pkts has counted none")
    } else if family.table(.nat) == nil, node == nil {
      finding.add(.unknown, "the file does not hold IPv4's table nat")
    } else if rules.ports.isEmpty {
      finding.add(.ok, "there are no NodePorts (IPv4)")
    } else if rules.excludesLocalhost {
      finding.add(.ok, "kube-proxy does not serve NodePorts at 127.0.0.1: its rules leave that out")
    } else {
      finding.add(.unknown, whyUncounted)
    }
  }

  /// Why it isn't known what nfacct's object for NodePorts at 127.0.0.1 has counted.
  private var whyUncounted: String {
    guard let node else {
      return "whether clients use NodePorts at 127.0.0.1 is counted on the live node only"
    }
    return node.accountsFailure
      ?? "whether clients use NodePorts at 127.0.0.1 is not counted: kube-proxy does so from 1.31 on"
  }

  func examineNodePortAddresses(_ finding: inout MigrationFinding) {
    for family in families {
      let rules = NodePortRules(family)
      let suffix = " (\(family.family.rawValue))"
      if family.table(.nat) == nil, node == nil {
        finding.add(.unknown, "the file does not hold the table nat" + suffix)
      } else if rules.ports.isEmpty {
        finding.add(.ok, "there are no NodePorts" + suffix)
      } else if rules.jumps.isEmpty {
        finding.add(
          .unknown,
          "no rule of KUBE-SERVICES leads to the \(Wording.count(rules.ports.count, "NodePort"))"
            + suffix)
      } else if let addresses = rules.addresses {
        let words = addresses.map { match in match.onlyAddress.map { "\($0)" } ?? match.text }
        finding.add(
          .ok,
          "NodePorts are restricted to \(Wording.list(words, atMost: 10))\(suffix): "
            + "keep the --nodeport-addresses that says so")
      } else {
        finding.add(
          .look,
          "\(Wording.count(rules.ports.count, "NodePort")) can be reached at all addresses of the "
            + "node\(suffix). " + Self.words(rules.connections, node != nil || family.hasCounts),
          rules.jumps.map(\.rule))
      }
    }
    if families.isEmpty { finding.add(.ok, "there are no NodePorts") }
  }

  private static func words(_ connections: UInt64, _ hasCounts: Bool) -> String {
    guard hasCounts else { return "The rules were saved without their counters" }
    let count =
      connections == 0 ? "no connection" : Wording.count(connections, "connection")
    return
      "Their rules have counted \(count) since kube-proxy last wrote them, and don't tell to which address"
  }
}

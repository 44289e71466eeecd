public import Netfilter

/// What is wrong with the rules of the CNI plugin portmap, which leads hostPorts to pods.
///
///     -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "…" -m multiport --dports 80,443 -j CNI-DN-93fd5f42fffe1daf6b01f
///     -A CNI-DN-93fd5f42fffe1daf6b01f -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.1.200:8080
///
/// The plugin makes a chain for each pod. It finds them by its name when the pod goes, and leaves them where that
/// fails.
struct HostPorts {
  private let nat: TableContent
  /// The chains of pods.
  private let pods: [Int]

  private static let dispatch: ChainName = "CNI-HOSTPORT-DNAT"
  private static let pod: ChainName = "CNI-DN-"

  static func findings(in nat: TableContent) -> [Finding] {
    let pods = nat.chains.indices.filter { nat.chains[$0].name.hasPrefix(pod) }
    let hostPorts = HostPorts(nat: nat, pods: pods)
    guard let dispatch = nat.chainIndex(of: dispatch) else { return pods.map(hostPorts.orphan) }
    return hostPorts.findings(ledToFrom: dispatch)
  }

  private func findings(ledToFrom dispatch: Int) -> [Finding] {
    let jumps = Dictionary(grouping: nat.chains[dispatch].rules.jumps, by: \.target)
      .mapValues { $0.map(\.position) }
    var findings: [Finding] = []
    var translations: [PortRule<Int>] = []
    for pod in pods {
      let name = nat.chains[pod].name
      guard let positions = jumps[name] else {
        findings.append(orphan(pod))
        continue
      }
      if nat.chains[pod].rules.isEmpty {
        findings.append(
          nat.finding(
            .hostPortBroken, chain: dispatch, positions, also: [name], mark: name.hashValue,
            "\(Self.dispatch) leads to \(name), which has no rules"))
      }
      translations += self.translations(of: pod)
    }
    let conflicts = PortRule.conflicts(among: translations)
    for (hostPort, rules) in conflicts.sorted(by: { $0.key < $1.key }) {
      let chains = Set(rules.map(\.receiver)).sorted { first, second in
        (jumps[nat.chains[first].name]?.first ?? 0) < (jumps[nat.chains[second].name]?.first ?? 0)
      }
      findings.append(
        Finding(
          .hostPortBroken, in: nat, chains: [Self.dispatch] + chains.map { nat.chains[$0].name },
          rules: rules.flatMap { nat.places([$0.position], in: $0.receiver) },
          mark: hostPort.hashValue,
          "the hostPort \(hostPort.port) leads to \(chains.count) pods, and the first gets everything"
        ))
    }
    return findings
  }

  private func orphan(_ pod: Int) -> Finding {
    let name = nat.chains[pod].name
    return nat.finding(
      .hostPortBroken, chain: pod, nat.chains[pod].rules.indices,
      "no rule of \(Self.dispatch) leads to \(name): the hostPort leads to no pod")
  }

  /// The rules of a pod's chain that translate the destination, for one port each.
  private func translations(of pod: Int) -> [PortRule<Int>] {
    let rules = nat.chains[pod].rules
    return rules.indices.compactMap { position in
      let rule = rules.outline(at: position)
      guard case .destinationNAT = rule.outcome else { return nil }
      return PortRule(rule, at: position, leadingTo: pod)
    }
  }
}

/// The rules of the node-local DNS cache, and what is wrong with them.
///
/// It writes ten for each address that it listens at, for UDP and TCP, so that requests and answers escape
/// connection tracking and are accepted all the same:
///
///     raw     -A PREROUTING -d 169.254.20.10/32 -p udp -m udp --dport 53 -j NOTRACK
///     raw     -A OUTPUT     -d 169.254.20.10/32 -p udp -m udp --dport 53 -j NOTRACK
///     raw     -A OUTPUT     -s 169.254.20.10/32 -p udp -m udp --sport 53 -j NOTRACK
///     filter  -A INPUT      -d 169.254.20.10/32 -p udp -m udp --dport 53 -j ACCEPT
///     filter  -A OUTPUT     -s 169.254.20.10/32 -p udp -m udp --sport 53 -j ACCEPT
///
/// kubernetes/dns counterpart: `CacheApp.initIptables`.
public enum NodeLocalDNS {
  /// One of the ten rules, for any address.
  private struct Role: Hashable {
    let table: TableName
    let chain: ChainName
    let isRequest: Bool
    let protocolNumber: UInt8

    /// As iptables has it.
    func words(_ address: IPAddress) -> String {
      let length = address.family == .ipv4 ? 32 : 128
      let name = protocolNumber == 6 ? "tcp" : "udp"
      return "-A \(chain) \(isRequest ? "-d" : "-s") \(address)/\(length) -p \(name) -m \(name) "
        + "\(isRequest ? "--dport" : "--sport") 53 -j \(table == .raw ? "NOTRACK" : "ACCEPT")"
    }
  }

  private static let roles: [Role] = [6, 17].flatMap { number in
    [
      Role(table: .raw, chain: "PREROUTING", isRequest: true, protocolNumber: number),
      Role(table: .raw, chain: "OUTPUT", isRequest: true, protocolNumber: number),
      Role(table: .raw, chain: "OUTPUT", isRequest: false, protocolNumber: number),
      Role(table: .filter, chain: "INPUT", isRequest: true, protocolNumber: number),
      Role(table: .filter, chain: "OUTPUT", isRequest: false, protocolNumber: number),
    ]
  }

  /// The address that the cache listens at if nobody chooses another.
  private static let usualAddress = IPAddress(ipv4: 169 << 24 | 254 << 16 | 20 << 8 | 10)

  /// At most one finding for each table and address. Nothing is said where one of the tables wasn't read.
  ///
  /// Others write some of these rules for servers of their own. So an address counts that has half of them, or
  /// is the cache's usual one.
  static func findings(in tables: [TableContent]) -> [Finding] {
    guard let raw = tables.first(where: { $0.name == .raw }),
      let filter = tables.first(where: { $0.name == .filter })
    else { return [] }
    return rules(in: [raw, filter]).sorted { $0.key < $1.key }
      .flatMap { address, rules in
        address == usualAddress || rules.count * 2 >= roles.count
          ? [raw, filter].compactMap { finding(address, rules, in: $0) } : []
      }
  }

  /// The addresses at which the node itself answers: requests to them come to a process of the node, because
  /// rules leave them untracked and INPUT accepts them. For one of UDP and TCP that is enough.
  ///
  /// The cache gives the node these addresses. A cluster IP of the DNS service is among them.
  public static func listeningAddresses(in tables: [TableContent]) -> Set<IPAddress> {
    let found = rules(in: tables.filter { [.raw, .filter].contains($0.name) })
    return Set(
      found.filter { _, rules in
        [6, 17].contains { number in
          let roles = roles.filter { $0.isRequest && $0.protocolNumber == number }
          return roles.allSatisfy { $0.chain == "OUTPUT" || rules[$0] != nil }
        }
      }.keys)
  }

  /// The rules of each address, by what they are for.
  private static func rules(in tables: [TableContent]) -> [IPAddress: [Role: [RulePlace]]] {
    var found: [IPAddress: [Role: [RulePlace]]] = [:]
    for content in tables {
      for chain in 0..<content.builtInCount {
        for position in content.chains[chain].rules.indices {
          let place = content.places([position], in: chain)
          guard
            let (address, role) = role(of: place[0].rule, content.name, content.chains[chain].name)
          else { continue }
          found[address, default: [:]][role, default: []] += place
        }
      }
    }
    return found
  }

  private static func finding(
    _ address: IPAddress, _ rules: [Role: [RulePlace]], in content: TableContent
  ) -> Finding? {
    let roles = roles.filter { $0.table == content.name }
    let missing = roles.filter { rules[$0] == nil }
    let repeated = roles.compactMap { rules[$0] }.filter { $0.count > 1 }
    if missing.isEmpty, repeated.isEmpty { return nil }
    var parts: [String] = []
    if let first = missing.first {
      parts.append(
        missing.count == 1
          ? "lacks \(first.words(address))"
          : "lacks \(missing.count) rules, such as \(first.words(address))")
    }
    if !repeated.isEmpty {
      parts.append("holds \(Finding.count(repeated.count, "rule")) twice")
    }
    return Finding(
      .nodeLocalDNSIncomplete, in: content,
      chains: (missing.map(\.chain) + repeated.map { $0[0].chain }).distinct,
      rules: repeated.flatMap(\.self), mark: address.hashValue,
      "for node-local DNS at \(address), \(content.name.rawValue) \(parts.joined(separator: " and "))"
    )
  }

  /// Which of the ten a rule of a built-in chain is, and for which address; nil where it is none.
  private static func role(
    of rule: Rule, _ table: TableName, _ chain: ChainName
  ) -> (IPAddress, Role)? {
    let line = rule.line.span
    // Most rules have no address to begin with.
    guard line.count > 1, line[0] == UInt8(ascii: "-"), "sd".utf8.contains(line[1]) else {
      return nil
    }
    var isExpected = true
    var (hasTarget, isRequest) = (false, false)
    var port: UInt16?
    rule.forEachElement { element, line, owner in
      switch element.kind {
      case .selector:
        if !["-s", "-d", "-p"].contains(where: { line.isText($0, element.name) }) {
          isExpected = false
        }
      case .match, .goto: break
      case .option where line.isText("--dport", element.name):
        port = line.number(in: element.value)
        isRequest = true
      case .option where line.isText("--sport", element.name): port = line.number(in: element.value)
      case .option: break
      case .target:
        hasTarget =
          table == .raw
          ? line.isText("NOTRACK", element.name) || line.isText("CT", element.name)
          : line.isText("ACCEPT", element.name)
      }
    }
    let outline = rule.outline
    guard isExpected, hasTarget, port == 53, let number = outline.ipProtocol,
      let match = isRequest ? outline.destination : rule.source,
      isRequest ? rule.source == nil : outline.destination == nil,
      !match.inverted, match.mask == match.address.family.fullMask
    else { return nil }
    let role = Role(table: table, chain: chain, isRequest: isRequest, protocolNumber: number)
    return roles.contains(role) ? (match.address, role) : nil
  }
}

internal import Netfilter

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
    var translations: [HostPort: [Translation]] = [:]
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
      for translation in self.translations(of: pod, positions[0]) {
        translations[translation.hostPort, default: []].append(translation)
      }
    }
    for (hostPort, all) in translations.sorted(by: { $0.key.port < $1.key.port }) {
      // Each is held against each, and nobody needs more than a few.
      let some = all.prefix(64)
      let clashing = some.filter { one in some.contains { one.clashes(with: $0) } }
      if clashing.isEmpty { continue }
      let chains = Set(clashing.map(\.pod)).sorted { first, second in
        (jumps[nat.chains[first].name]?.first ?? 0) < (jumps[nat.chains[second].name]?.first ?? 0)
      }
      findings.append(
        Finding(
          .hostPortBroken, in: nat, chains: [Self.dispatch] + chains.map { nat.chains[$0].name },
          rules: clashing.flatMap { nat.places([$0.position], in: $0.pod) },
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

  private struct HostPort: Hashable {
    let protocolNumber: UInt8?
    let port: UInt16
  }

  /// A rule of a pod's chain that translates the destination.
  private struct Translation {
    let pod: Int
    let position: Int
    let hostPort: HostPort
    /// The host's address, if the hostPort is for one only.
    let destination: AddressMatch?

    /// Whether both may see the same packet, and are of different pods.
    func clashes(with other: Translation) -> Bool {
      guard pod != other.pod else { return false }
      guard let destination, let theirs = other.destination else { return true }
      return destination.mayOverlap(theirs)
    }
  }

  private func translations(of pod: Int, _ jump: Int) -> [Translation] {
    let rules = nat.chains[pod].rules
    return rules.indices.compactMap { position in
      let rule = rules.outline(at: position)
      guard case .destinationNAT = rule.outcome, let port = rule.destinationPort else { return nil }
      return Translation(
        pod: pod, position: position,
        hostPort: HostPort(protocolNumber: rule.ipProtocol, port: port),
        destination: rule.destination)
    }
  }
}

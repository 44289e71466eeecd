internal import KubeProxy
internal import Netfilter

/// Where packets to services can be sent, as nat's dispatch rules show it.
struct ServiceTargets {
  private let nat: TableContent
  private let map: ServiceMap

  init(_ nat: TableContent, _ map: ServiceMap) {
    self.nat = nat
    self.map = map
  }

  /// The first few cluster IPs of service ports that have endpoints, each of another service port.
  func clusterIPs(_ count: Int) -> [ServiceTarget] {
    targets(of: .kubeServices, count) { service, outline, bytes in
      guard !service.blocked.contains(.noEndpoints), let comment = outline.comment,
        bytes.extracting(comment).ends(with: " cluster IP")
      else { return nil }
      return outline.destination?.onlyAddress
    }
  }

  /// The first few that packets of a shape are sent to.
  func first(_ count: Int, of shape: Probe.Shape, _ sources: ProbeSources) -> [ServiceTarget] {
    shape == .outsideToNodePort ? nodePorts(count, at: sources.node) : clusterIPs(count)
  }

  /// The first few NodePorts of service ports that have endpoints and aren't blocked.
  ///
  /// - Parameter address: The node's.
  func nodePorts(_ count: Int, at address: IPAddress) -> [ServiceTarget] {
    targets(of: .kubeNodePorts, count) { service, outline, _ in
      // A rule for 127.0.0.0/8 is not for what comes from outside.
      service.blocked.isEmpty && outline.destination == nil ? address : nil
    }
  }

  private func targets(
    of name: ChainName, _ count: Int, _ address: (Service, RuleOutline, Span<UInt8>) -> IPAddress?
  ) -> [ServiceTarget] {
    var targets: [ServiceTarget] = []
    var known: Set<ServicePort> = []
    guard let chain = nat.chainIndex(of: name) else { return [] }
    let rules = nat.chains[chain].rules
    for position in rules.indices where targets.count < count {
      guard let owner = map.owner(ofRule: position, ofChainAt: chain, in: nat) else { continue }
      let service = map.services[owner]
      guard service.dnatTargets > 0 else { continue }
      let line = rules.line(at: position)
      let bytes = line.span
      let outline = RuleOutline(bytes)
      guard let port = outline.destinationPort, let ipProtocol = outline.ipProtocol,
        case .chain(let target) = outline.outcome, ChainRole(target).isService,
        let address = address(service, outline, bytes), known.insert(service.port).inserted
      else { continue }
      targets.append(
        ServiceTarget(
          servicePort: service.port, address: address, ipProtocol: ipProtocol, port: port))
    }
    return targets
  }

  /// An address of the pods' network, if rules say which network that is; else an endpoint's of a service
  /// port that isn't among those that are asked.
  func podAddress(notOf targets: [ServiceTarget]) -> IPAddress? {
    // The last address but one is nobody's yet.
    if let network = nat.podNetwork?.network { return network.lastAddressButOne }
    let asked = Set(targets.lazy.map(\.servicePort).filter { !$0.isAPIServer })
    return map.endpointAddresses.first { !asked.contains(map.services[$0.service].port) }?.address
  }
}

extension AddressMatch {
  fileprivate var lastAddressButOne: IPAddress {
    let host =
      mask.family == .ipv4
      ? IPAddress(ipv4: .max - 1) : IPAddress(ipv6High: .max, low: .max - 1)
    return host.mapped(to: self)
  }
}

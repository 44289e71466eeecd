/// The rules that kube-proxy 1.28 writes for one service port.
struct ServiceChains {
  let service: Service
  let family: AddressFamily
  let comments: Bool

  /// The KUBE-SERVICES rule that leads to the service.
  var dispatchRule: String {
    clusterMatch + "-j \(ChainName.clusterPolicy(of: service))"
  }

  /// The KUBE-NODEPORTS rule that leads to the service; `nil` without a NodePort.
  var nodePortRule: String? {
    service.nodePort.map {
      "-p \(transport) -m comment --comment \"\(service.name)\" -m \(transport) --dport \($0) "
        + "-j \(ChainName.external(of: service))"
    }
  }

  /// KUBE-SVC, KUBE-EXT where there is a NodePort, and a KUBE-SEP for each endpoint.
  var all: [Chain] {
    let external = service.nodePort == nil ? [] : [externalChain]
    return [clusterPolicyChain] + external + service.endpoints.map(endpointChain)
  }

  private var transport: String { service.networkProtocol.rawValue }

  private var clusterMatch: String {
    "-d \(service.clusterAddress)/\(family.hostPrefixLength) -p \(transport) -m comment "
      + "--comment \"\(service.name) cluster IP\" -m \(transport) --dport \(service.port) "
  }

  private var clusterPolicyChain: Chain {
    let count = service.endpoints.count
    let jumps = service.endpoints.enumerated().map { index, endpoint in
      comment("\(service.name) -> \(endpoint)") + share(ofOneIn: count - index)
        + "-j \(ChainName.endpoint(endpoint, of: service))"
    }
    return Chain(
      name: ChainName.clusterPolicy(of: service),
      rules: ["! -s \(family.podNetwork) " + clusterMatch + "-j KUBE-MARK-MASQ"] + jumps)
  }

  private var externalChain: Chain {
    Chain(
      name: ChainName.external(of: service),
      rules: [
        "-m comment --comment \"masquerade traffic for \(service.name) external destinations\" "
          + "-j KUBE-MARK-MASQ",
        "-j \(ChainName.clusterPolicy(of: service))",
      ])
  }

  private func endpointChain(_ endpoint: Endpoint) -> Chain {
    Chain(
      name: ChainName.endpoint(endpoint, of: service),
      rules: [
        "-s \(endpoint.address)/\(family.hostPrefixLength) " + comment(service.name)
          + "-j KUBE-MARK-MASQ",
        "-p \(transport) " + comment(service.name)
          + "-m \(transport) -j DNAT --to-destination \(endpoint)",
      ])
  }

  /// The comment match, which kube-proxy leaves out of these chains in large clusters.
  private func comment(_ text: String) -> String {
    comments ? "-m comment --comment \"\(text)\" " : ""
  }

  /// The match that takes one connection in `count`; none for the last endpoint, which takes all.
  ///
  /// The kernel keeps a probability in units of 2⁻³¹, and iptables-save shows what it keeps.
  private func share(ofOneIn count: Int) -> String {
    guard count > 1 else { return "" }
    let kept = (1 << 31 + UInt128(count) / 2) / UInt128(count)
    let scale: UInt128 = 100_000_000_000
    let digits = String(scale + (kept * scale + 1 << 30) >> 31).dropFirst()
    return "-m statistic --mode random --probability 0.\(digits) "
  }
}

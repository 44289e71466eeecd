internal import KubeProxy
internal import Netfilter

/// What is wrong with a chain, told by its own name and rules alone, whatever stands around it. So it
/// holds for as long as they don't change.
struct ChainFaults: Sendable {
  /// The positions of rules whose comments contradict the chain's name.
  var contradictions: [Int] = []
  /// The positions of equal rules, for each that there is more than one of.
  var duplicates: [[Int]] = []
  /// The rules whose probabilities give endpoints unequal shares.
  var shares: EndpointShareFault?
  /// Whether a service port's or an endpoint's chain has no rules.
  var isEmpty = false
  /// Whether a chain that should balance leads to no endpoint.
  var lacksEndpoint = false

  var isFault: Bool {
    isEmpty || lacksEndpoint || shares != nil || !contradictions.isEmpty || !duplicates.isEmpty
  }

  /// Nil where the chain is not kube-proxy's or the kubelet's, or nothing is wrong.
  init?(ofChainAt index: Int, in nat: TableContent, _ map: ServiceMap) {
    let name = nat.chains[index].name
    let rules = nat.chains[index].rules
    switch ChainRole(name) {
    case .service(let family, let hash):
      if rules.isEmpty {
        isEmpty = true
        return
      }
      duplicates = DuplicateRules.find(in: rules, isFirewall: family == .firewall)
      contradictions = Self.contradictions(in: rules) { comment in
        family == .endpoint
          ? map.contradictsEndpoint(comment, chain: index) : map.contradicts(comment, hash)
      }
      if family.balances { balance(rules) }
    case .dispatch: duplicates = DuplicateRules.find(in: rules)
    case .system where name.isPlumbing: duplicates = DuplicateRules.find(in: rules)
    case .system, .other: return nil
    }
    if !isFault { return nil }
  }

  private mutating func balance(_ rules: RuleList) {
    let balancing = BalancingRules(rules)
    lacksEndpoint = balancing.lacksEndpoint
    // An endpoint that is led to twice has been found already.
    if duplicates.isEmpty { shares = balancing.fault }
  }

  private static func contradictions(
    in rules: RuleList, _ contradicts: (Span<UInt8>) -> Bool
  ) -> [Int] {
    var positions: [Int] = []
    for position in 0..<rules.count {
      let line = rules.line(at: position)
      let bytes = line.span
      if let comment = RuleOutline.comment(in: bytes), contradicts(bytes.extracting(comment)) {
        positions.append(position)
      }
    }
    return positions
  }
}

extension ServiceChainFamily {
  /// Whether its chains balance over endpoints.
  var balances: Bool { self == .service || self == .local || self == .externalLoadBalancer }
}

extension ChainName {
  /// Whether it is one of the chains, besides those that dispatch, that kube-proxy or the kubelet fills.
  /// Other agents have names of their own that begin with KUBE-.
  var isPlumbing: Bool { Self.plumbing.contains(self) }

  private static let plumbing: [ChainName] = [
    .kubeForward, .kubeFirewall, .kubeMarkDrop, "KUBE-MARK-MASQ", .kubePostrouting,
    .kubeProxyFirewall,
  ]
}

internal import KubeProxy
internal import Netfilter

/// What is wrong with a chain, judged by its own name and rules alone. So it holds for as long as they
/// don't change.
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

/// The endpoints that a chain's rules balance over, and with what probabilities.
///
/// kube-proxy gives the first of n rules the probability 1/n, the next 1/(n - 1), and the last none:
/// that, and nothing else, makes equal shares.
struct BalancingRules {
  /// The rules that lead to endpoints, without those of session affinity, which are for some clients.
  private var rules: [(position: Int, probability: Double?)] = []
  /// Whether no rule leads to an endpoint, nor sends away what has none.
  private(set) var lacksEndpoint = true

  init(_ list: RuleList) {
    for (position, rule) in list.enumerated() {
      switch list.outcome(at: position) {
      case .chain(let name):
        if name == .kubeMarkDrop { lacksEndpoint = false }
        guard case .service(.endpoint, _) = ChainRole(name) else { continue }
        lacksEndpoint = false
        let share = rule.share
        if share != nil || !rule.isAffinity { rules.append((position, share)) }
      case .blocked: lacksEndpoint = false
      default: break
      }
    }
  }

  /// The rules that don't have the probability they should have; nil where all do.
  ///
  /// Up to 1.19 kube-proxy wrote probabilities with 5 decimals, later with 10; the kernel keeps 31 bits.
  var fault: EndpointShareFault? {
    let wrong = rules.indices.filter { index in
      guard let probability = rules[index].probability else { return true }
      let expected = 1 / Double(rules.count - index)
      return abs(probability - expected) > 0.000_005_1
    }
    guard let first = wrong.first else { return nil }
    return EndpointShareFault(
      positions: wrong.map { rules[$0].position }, endpoints: rules.count,
      left: rules.count - first, probability: rules[first].probability)
  }
}

/// Rules that give endpoints unequal shares.
struct EndpointShareFault: Sendable {
  let positions: [Int]
  /// How many endpoints the chain balances over.
  let endpoints: Int
  /// How many of them are left where the first of the rules stands, and the probability that it has; nil
  /// where it has other conditions.
  let left: Int
  let probability: Double?
}

extension Rule {
  /// Whether it is for clients that are bound to an endpoint already.
  fileprivate var isAffinity: Bool {
    var isAffinity = false
    forEachElement { element, line, _ in
      if element.kind == .match, line.isText("recent", element.name) { isAffinity = true }
    }
    return isAffinity
  }
}

public import Netfilter

/// The rules of a service chain that lead to endpoints, and what each of them takes.
///
/// The kernel goes through the rules in order. A rule with the probability p takes p of the connections that
/// the rules before it have left, wherever it leads.
public struct BalancingRules: Sendable {
  /// A rule that leads to an endpoint's chain.
  public struct Step: Sendable {
    /// The rule's position in the chain.
    public let position: Int
    /// The endpoint's chain.
    public let endpoint: ChainName
    /// What it takes of all new connections to the service chain; 0 where more than chance decides.
    public let share: Double
    /// What it takes of the connections that the endpoints before it left. This is the rule's probability, or
    /// less if a rule in between leads elsewhere. Nil where more than chance decides.
    public let part: Double?
    /// Whether it is for clients only that are bound to an endpoint already.
    public let isAffinity: Bool
  }

  /// In the order of the rules.
  public private(set) var steps: [Step] = []
  /// Whether a rule rejects or drops connections, or marks them for that.
  public private(set) var blocks = false
  /// The share of new connections that comes to the end of the chain; none of what kube-proxy writes does.
  public private(set) var rest = 1.0

  public init(_ rules: RuleList) {
    steps.reserveCapacity(rules.count)
    // Of what the last endpoint left, the part that came through to here; nil before the first.
    var passed: Double?
    for (position, rule) in rules.enumerated() {
      let rule = BalancingRule(rule)
      let share = rest * (rule.part ?? 0)
      if let endpoint = rule.endpoint {
        steps.append(
          Step(
            position: position, endpoint: endpoint, share: share,
            part: rule.part.map { $0 * (passed ?? 1) }, isAffinity: rule.isAffinity))
        if rule.part != nil { passed = 1 }
        rest -= share
      } else if rule.endsWalk {
        passed = passed.map { $0 * (1 - (rule.part ?? 0)) }
        rest -= share
      }
      if rule.blocks { blocks = true }
    }
  }

  /// What each endpoint gets of all new connections, in the order in which they are first named.
  public var shares: [(endpoint: ChainName, share: Double)] {
    steps.lazy.map { ($0.endpoint, $0.share) }.summed().map { (endpoint: $0, share: $1) }
  }
}

extension Sequence {
  /// The sum of each key, in the order in which the keys first appear.
  public func summed<Key: Hashable>() -> [(key: Key, sum: Double)] where Element == (Key, Double) {
    var sums: [(key: Key, sum: Double)] = []
    var places: [Key: Int] = [:]
    for (key, number) in self {
      if let place = places[key] {
        sums[place].sum += number
      } else {
        places[key] = sums.count
        sums.append((key, number))
      }
    }
    return sums
  }
}

/// What a rule of a service chain does with a new connection.
private struct BalancingRule {
  /// The part of connections that match in the long run; nil where more than chance decides.
  private(set) var part: Double? = 1
  private(set) var isAffinity = false
  /// The endpoint's chain that it leads to.
  private(set) var endpoint: ChainName?
  /// Whether a connection that matches sees no later rule of the chain: a verdict, a translation, or
  /// another service chain, which has endpoints of its own.
  private(set) var endsWalk = false
  private(set) var blocks = false

  init(_ rule: Rule) {
    rule.forEachElement { element, line, owner in
      switch element.kind {
      // A chain sees one protocol only: that of its service port.
      case .selector: if !line.isText("-p", element.name) { part = nil }
      case .match:
        if line.isText("recent", owner) { isAffinity = true }
        if !line.isText("comment", owner), !line.isText("statistic", owner) { part = nil }
      case .option where line.isText("statistic", owner):
        if let share = line.statisticShare(element) { part = part.map { $0 * share } }
      case .option: break
      case .target, .goto: take(target: element, line)
      }
    }
  }

  private mutating func take(target: LineElement, _ line: Span<UInt8>) {
    let name = ChainName(line, target.name)
    let stage = name.map(ChainStage.init)
    if stage == .endpoint {
      endpoint = name
      return
    }
    blocks =
      name == .kubeMarkDrop || line.isText("DROP", target.name)
      || line.isText("REJECT", target.name)
    endsWalk =
      target.kind == .goto || stage == .service
      || Self.endingTargets.contains { line.isText($0, target.name) }
  }

  private static let endingTargets = [
    "ACCEPT", "DROP", "QUEUE", "RETURN", "REJECT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT",
  ]
}

/// The endpoints of one service chain (KUBE-SVC-…, KUBE-SVL-…, KUBE-XLB-…), in the order in which its
/// rules first name them.
public struct ServiceChainEndpoints: Sendable, Hashable {
  /// The service chain.
  public let chain: ChainName
  /// Where it stands in nat.
  public let chainIndex: Int
  /// Empty where no rule leads to an endpoint's chain.
  public let endpoints: [EndpointShare]
}

/// An endpoint of a service chain, and how much of it the endpoint gets.
public struct EndpointShare: Sendable, Hashable {
  /// The endpoint's chain, KUBE-SEP-….
  public let chain: ChainName
  /// Where it stands in nat; nil where it doesn't exist, as can be in a saved file.
  public let chainIndex: Int?
  /// Where the chain's DNAT rules translate to, in order; one, in what kube-proxy writes. Their
  /// description is iptables' own: `10.0.1.2:8080`, `[fd00::1]:8080`.
  public let destinations: [AddressTranslation]
  /// The share of new connections to the service chain that the endpoint gets, 0 to 1: what
  /// the rules' probabilities come to, one after the other, as the kernel holds them (in units of
  /// 2^-31).
  ///
  /// Of connections without a past. A rule with another condition than `statistic`, such as session
  /// affinity's `recent`, is for some connections only and isn't counted; an endpoint that only such
  /// rules lead to has 0. The shares of a chain come to less than 1 where its last rule has a
  /// probability too, or where others than endpoints take some.
  public let share: Double
}

extension ServiceMap {
  /// The service chains of a service port that balance over endpoints, with their endpoints, in nat's
  /// order: KUBE-SVC-… (the cluster policy), KUBE-SVL-… and KUBE-XLB-… (the local one).
  ///
  /// Of those, the ones that dispatch rules lead to. It takes time in proportion to their rules.
  public func serviceChains(ofServiceAt index: Int) -> [ServiceChainEndpoints] {
    let chains = nat.content.chains
    return serviceChains[index].map(Int.init).filter { chain in
      if case .service(let family, _) = ChainRole(chains[chain].name) {
        family.balances
      } else {
        false
      }
    }.map { chain in
      let targets = Dictionary(
        nat.graph[chain].map { (chains[Int($0)].name, Int($0)) }, uniquingKeysWith: { $1 })
      let endpoints = BalancingRules(chains[chain].rules).shares.map { name, share in
        EndpointShare(
          chain: name, chainIndex: targets[name],
          destinations: targets[name].map(nat.destinations) ?? [], share: share)
      }
      return ServiceChainEndpoints(
        chain: chains[chain].name, chainIndex: chain, endpoints: endpoints)
    }
  }

  /// Where one of the map's connection rules translates to.
  public func destination(of rule: ConnectionRule) -> AddressTranslation? {
    let (content, chain) = (nat.content, Int(rule.chain))
    return content.chains[chain].rules.translation(at: Int(rule.rule) - content.firstRules[chain])
  }

  /// The endpoints' addresses, each with the index of its service port, in the order of the connection rules.
  public var endpointAddresses: some Sequence<(service: Int, address: IPAddress)> {
    connectionRules.lazy.compactMap { rule in
      self.destination(of: rule).flatMap {
        $0.hasAddress ? (service: Int(rule.service), address: $0.first) : nil
      }
    }
  }
}

extension NatFacts {
  /// Where the DNAT rules of a chain translate to.
  fileprivate func destinations(of chain: Int) -> [AddressTranslation] {
    let rules = content.chains[chain].rules
    return translations[chain].compactMap { rules.translation(at: Int($0.rule)) }
  }
}

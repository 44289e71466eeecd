public import Netfilter

/// What a service chain's rules come to for its endpoints, one rule after the other.
struct EndpointShares {
  private let nat: NatReading
  /// By name, where the chains stand that this one leads to.
  private let targets: [ChainName: Int32]
  /// The endpoints' chains, as they are first named.
  private var names: [ChainName] = []
  private var shares: [Double] = []
  private var places: [ChainName: Int] = [:]
  /// What no rule has taken yet.
  private var rest = 1.0

  init(ofChainAt chain: Int, _ nat: NatReading) {
    self.nat = nat
    var targets: [ChainName: Int32] = [:]
    for target in nat.graph[chain] {
      targets[nat.content.chains[Int(target)].name] = target
    }
    self.targets = targets
    for rule in nat.content.chains[chain].rules { add(rule) }
  }

  /// The endpoints with their shares.
  var endpoints: [EndpointShare] {
    zip(names, shares).map { name, share in
      let chain = targets[name].map(Int.init)
      return EndpointShare(
        chain: name, chainIndex: chain, destinations: chain.map(destinations) ?? [], share: share)
    }
  }

  private mutating func add(_ rule: Rule) {
    let taken = rule.share.map { rest * $0 } ?? 0
    if let name = rule.chain, ChainStage(name) == .endpoint {
      if let place = places[name] {
        shares[place] += taken
      } else {
        places[name] = names.count
        names.append(name)
        shares.append(taken)
      }
      rest -= taken
    } else if rule.endsWalk {
      rest -= taken
    }
  }

  private func destinations(of chain: Int) -> [AddressTranslation] {
    let rules = nat.content.chains[chain].rules
    var destinations: [AddressTranslation] = []
    nat.translations.forEach(of: chain) { translation in
      if case .destinationNAT(let destination) = rules.outcome(at: Int(translation.rule)) {
        destinations.append(destination)
      }
    }
    return destinations
  }
}

extension Rule {
  /// Whether a connection that matches sees no later rule of the chain: a verdict, a translation, or
  /// another service chain, which has endpoints of its own.
  fileprivate var endsWalk: Bool {
    var endsWalk = false
    forEachElement { element, line, _ in
      switch element.kind {
      case .target where Self.endingTargets.contains { line.isText($0, element.name) }:
        endsWalk = true
      case .target:
        endsWalk = ChainName(line, element.name).map { ChainStage($0) == .service } ?? false
      case .goto: endsWalk = true
      case .selector, .match, .option: break
      }
    }
    return endsWalk
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
    guard let nat else { return [] }
    return serviceChains[index].filter {
      ServiceChainEndpoints.balances(nat.content.chains[Int($0)].name)
    }.map { chain in
      ServiceChainEndpoints(
        chain: nat.content.chains[Int(chain)].name, chainIndex: Int(chain),
        endpoints: EndpointShares(ofChainAt: Int(chain), nat).endpoints)
    }
  }

  /// Where one of the map's connection rules translates to.
  public func destination(of rule: ConnectionRule) -> AddressTranslation? {
    guard let content = nat?.content else { return nil }
    let position = Int(rule.rule) - content.firstRules[Int(rule.chain)]
    let outcome = content.chains[Int(rule.chain)].rules.outcome(at: position)
    return if case .destinationNAT(let destination) = outcome { destination } else { nil }
  }
}

extension Rule {
  /// The share of connections that match the rule in the long run; nil where more than chance decides.
  public var share: Double? {
    var share: Double? = 1
    forEachElement { element, line, owner in
      switch element.kind {
      // A chain sees one protocol only: that of its service port.
      case .selector: if !line.isText("-p", element.name) { share = nil }
      case .match:
        if !line.isText("comment", owner), !line.isText("statistic", owner) { share = nil }
      case .option where line.isText("statistic", owner):
        guard let part = line.part(element) else { return }
        share = share.map { $0 * (element.isInverted ? 1 - part : part) }
      case .option, .target, .goto: break
      }
    }
    return share
  }
}

extension Span<UInt8> {
  /// The share that `--probability` or `--every` lets through; nil for other options.
  fileprivate func part(_ option: LineElement) -> Double? {
    let text = String(decoding: option.value.map { self[$0] }, as: UTF8.self)
    if isText("--every", option.name) { return UInt32(text).map { 1 / Double(Swift.max(1, $0)) } }
    guard isText("--probability", option.name), let probability = Double(text) else { return nil }
    // The kernel keeps 31 bits, of which the text has all.
    return Swift.min(1, (probability * 0x1p31).rounded() / 0x1p31)
  }
}

extension ServiceChainEndpoints {
  /// Whether a service port's chain is of a family that balances.
  fileprivate static func balances(_ name: ChainName) -> Bool {
    prefixes.contains { name.hasPrefix($0) }
  }

  private static let prefixes: [ChainName] = [
    ServiceChainFamily.service, .local, .externalLoadBalancer,
  ].map { ChainName(stringLiteral: $0.rawValue + "-") }
}

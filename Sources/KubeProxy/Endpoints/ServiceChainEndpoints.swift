public import Netfilter

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
    guard let knowledge else { return [] }
    return balancingChains[index].map { chain in
      ServiceChainEndpoints(
        chain: knowledge.content.chains[Int(chain)].name, chainIndex: Int(chain),
        endpoints: EndpointShares(ofChainAt: Int(chain), knowledge).endpoints)
    }
  }

  /// Where one of the map's connection rules translates to.
  public func destination(of rule: ConnectionRule) -> AddressTranslation? {
    guard let content = knowledge?.content else { return nil }
    let position = Int(rule.rule) - content.firstRules[Int(rule.chain)]
    let outcome = content.chains[Int(rule.chain)].rules.outcome(at: position)
    return if case .destinationNAT(let destination) = outcome { destination } else { nil }
  }
}

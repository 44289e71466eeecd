public import Netfilter
internal import Platform

/// Whose every rule is: the service ports that kube-proxy wrote into one family's nat and filter
/// tables, with their rules.
///
/// A service port exists where a dispatch rule of nat leads to one of its chains, or where the filter
/// table blocks it. Names come from the dispatch rules' comments, and count only where the chain's
/// name is the hash of it; so the chains themselves need no comments (kube-proxy drops them in large
/// clusters), and a comment can't claim another service port's chain.
public final class ServiceMap: Sendable {
  /// The service ports, sorted.
  public let services: [Service]
  /// The rules whose packets are new connections, in nat's order.
  public let connectionRules: [ConnectionRule]
  /// The positions in nat of the service chains that no chain of another kind leads to, neither by
  /// itself nor through others; ascending.
  public let orphanPositions: [Int32]
  /// Distinct service chains that are dispatched to, but by no rule that proves whose they are.
  public var unnamed: UnnamedChains { dispatch.unnamed }

  /// A DNAT rule of a KUBE-SEP chain.
  public struct ConnectionRule: Sendable, Hashable {
    /// The position of the rule in nat, counted over all chains.
    public let rule: Int32
    /// The index of the chain in nat.
    public let chain: Int32
    /// The index of the service port.
    public let service: Int32
  }

  /// What nat's chains say; without a nat table there are none.
  let nat: NatFacts
  /// For each chain of nat, whose it is.
  let chains: [ChainAttribution]
  let dispatch: DispatchFacts
  /// The service ports' own chains that dispatch rules lead to.
  let serviceChains: PackedLists<Int32>
  /// For each rule of filter, whose it is.
  private let filterOwners: [OptionalIndex]

  /// Interprets a family's tables.
  ///
  /// - Parameters:
  ///   - previous: The interpretation of an earlier reading. What is known of a chain with the same name
  ///     and rules is used again. The outcome is the same as without.
  ///   - pairing: Of the chains of nat with that reading's; nil where it has to be found.
  public init(
    nat: TableContent?, filter: TableContent?, previous: ServiceMap? = nil,
    pairing: ChainPairing? = nil
  ) {
    let content = nat ?? TableContent(family: .ipv4, name: .nat, chains: [])
    let pairing = pairing ?? ChainPairing(from: previous?.nat.content, to: content)
    let ((known, mentions), facts) = Parallel.both(
      isLarge: content.chains.count >= Parallel.pieceSize
    ) {
      let reading = filter.map { FilterReading($0) }
      let known = KnownServices(
        content, blocked: reading?.blockedPorts ?? [],
        previous.map { KnownServices(facts: $0.dispatch, ports: $0.services.map(\.port)) })
      return (known, reading?.mentions(of: known) ?? [])
    } _: {
      NatFacts(content, pairing, previous?.nat)
    }
    dispatch = known.facts
    var attribution = ServiceAttribution(known)
    attribution.attribute(facts, KnownProofs(previous, pairing, dispatch))
    if let filter { attribution.attribute(mentions, ruleCount: filter.ruleCount) }
    self.nat = facts
    chains = attribution.chains
    serviceChains = attribution.serviceChains
    filterOwners = attribution.filterOwners
    connectionRules = attribution.connectionRules
    services = attribution.services
    orphanPositions = facts.orphans
  }

  /// Interprets a family's snapshot.
  public convenience init(
    of snapshot: FamilySnapshot, previous: ServiceMap? = nil, pairing: ChainPairing? = nil
  ) {
    self.init(
      nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content,
      previous: previous, pairing: pairing)
  }

  /// The index of the service port that owns a rule of one of the tables that the map was made of; nil
  /// where the rule belongs to none, or is of another table.
  public func owner(
    ofRule position: Int, ofChainAt chain: Int, in content: TableContent
  ) -> Int? {
    switch content.name {
    case .nat:
      // Only the two chains that dispatch have rules of many owners.
      if nat.stages[chain] == .dispatch, let ordinal = nat.dispatchChains.firstIndex(of: chain) {
        return dispatch.owners[ordinal][position].index
      }
      return chains[chain].owner.index
    case .filter: return filterOwners[content.firstRules[chain] + position].index
    default: return nil
    }
  }

  /// The same service port itself.
  public func servicePort(
    ofRule position: Int, ofChainAt chain: Int, in content: TableContent
  ) -> ServicePort? {
    owner(ofRule: position, ofChainAt: chain, in: content).map { services[$0].port }
  }

  /// How many service chains of nat are orphans.
  public var orphanChains: Int { orphanPositions.count }

  /// Whether the maps have the same service ports at the same indices.
  public func hasSamePorts(as other: ServiceMap) -> Bool {
    self === other
      || services.count == other.services.count
        && services.indices.allSatisfy { services[$0].port == other.services[$0].port }
  }
}

/// What is known of nat's chains, for who judges them.
extension ServiceMap {
  /// Where the chain at a position of nat stands on the way to an endpoint.
  public func stage(ofChainAt chain: Int) -> ChainStage { nat.stages[chain] }

  /// Where nat's chains lead, to each chain once. Of a service port's or an endpoint's chain, KUBE-MARK-MASQ and
  /// KUBE-MARK-DROP are left out.
  public var graph: ChainGraph { nat.graph }

  /// The rules of a chain of nat that dispatches that lead to a service port and name no single port.
  public func dispatchRulesWithoutPort(ofChainAt chain: Int) -> [Int] {
    nat.dispatchChains.firstIndex(of: chain).map { dispatch.withoutPort[$0] } ?? []
  }

  /// The service ports that rules of nat lead to, but none for a cluster IP. Those that filter blocks are left
  /// out: kube-proxy writes no rule for a cluster IP that has no endpoint on this node.
  public var servicePortsWithoutClusterIP: [ServicePort] {
    dispatch.withoutClusterIP.map { services[Int($0)] }.filter(\.blocked.isEmpty).map(\.port)
  }

  /// The service port that owns the chain at a position of nat. An endpoint's chain belongs to a service
  /// port that leads to it. Nil where nothing proves an owner, or nothing leads to the chain.
  public func servicePort(ofChainAt chain: Int) -> ServicePort? {
    if let name = chains[chain].provenName { return services[Int(name.service)].port }
    guard !nat.content.chains[chain].rules.isEmpty else { return nil }
    return chains[chain].owner.index.map { services[$0].port }
  }

  /// Whether an endpoint's chain, at that position of nat, is proven to be a service port's by its name
  /// and its destination.
  public func isProvenEndpoint(_ chain: Int) -> Bool {
    chains[chain].provenName != nil && nat.stages[chain] == .endpoint
  }

  /// The endpoints' chains whose destination contradicts their name; in nat's order.
  ///
  /// A chain's name is the hash of its service port's name, protocol and destination. A chain is listed if
  /// traffic can reach it and it translates to another destination, or to none. It is not listed if its
  /// service port isn't known, or its destination isn't.
  public var endpointsElsewhere: [Int32] {
    var isOrphan = [Bool](repeating: false, count: nat.stages.count)
    for chain in orphanPositions { isOrphan[Int(chain)] = true }
    let suspects = nat.stages.indices.filter { chain in
      guard nat.stages[chain] == .endpoint, !isOrphan[chain] else { return false }
      if chains[chain].provenName != nil, nat.translations[chain].count == 1 { return false }
      let rules = nat.content.chains[chain].rules
      return !rules.isEmpty
        && (!nat.translations[chain].isEmpty
          || !rules.indices.contains { rules.outcome(at: $0) == .unknownDestinationNAT })
    }
    if suspects.isEmpty { return [] }
    let users = users(of: Set(suspects))
    var text: [UInt8] = []
    return suspects.filter { chain in
      guard let names = users[chain] else { return false }
      let proof = EndpointProof(chain: chain, nat)
      let holds = names.contains { name in
        proof.holdsThroughout(services[Int(name.service)].port, endsInColon: name.endsInColon)
      }
      if holds { return false }
      return chains[chain].provenName != nil || !proof.holdsForClaim(using: &text)
    }.map(Int32.init)
  }

  /// The names of the service ports whose chains lead to each of some chains.
  private func users(of suspects: Set<Int>) -> [Int: Set<WrittenName>] {
    var users: [Int: Set<WrittenName>] = [:]
    for source in nat.stages.indices where nat.stages[source] == .service {
      guard let name = chains[source].provenName else { continue }
      for target in nat.graph[source] where suspects.contains(Int(target)) {
        users[Int(target), default: []].insert(name)
      }
    }
    return users
  }
}

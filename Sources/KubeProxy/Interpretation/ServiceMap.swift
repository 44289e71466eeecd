public import Netfilter

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
  /// For each rule of nat, the index of its service port; ``unowned`` where it has none.
  public let natOwners: [Int32]
  /// For each rule of filter likewise.
  public let filterOwners: [Int32]
  /// The rules whose packets are new connections, in nat's order.
  public let connectionRules: [ConnectionRule]
  /// The positions in nat of the service chains that no chain of another kind leads to, neither by
  /// itself nor through others; ascending.
  public let orphanPositions: [Int32]
  /// Distinct service chains that are dispatched to, but by no rule that proves whose they are.
  public let unnamed: UnnamedChains

  /// The owner of a rule that belongs to no service port.
  public static let unowned: Int32 = -1

  /// A DNAT rule of a KUBE-SEP chain.
  public struct ConnectionRule: Sendable, Hashable {
    /// The position of the rule in nat, counted over all chains.
    public let rule: Int32
    /// The index of the chain in nat.
    public let chain: Int32
    /// The index of the service port.
    public let service: Int32
  }

  /// What is remembered of nat's chains, for the next interpretation.
  let knowledge: ChainKnowledge?
  /// Whose the chains of nat were found to be.
  let verdicts: ChainVerdicts
  /// The names that the hashes of chains are proven to be of.
  let identities: [ChainHash: WrittenName]
  /// For each service port, where it was found.
  let standings: [ServiceStanding]
  /// Which chains have the service ports' endpoints.
  let balancingChains: BalancingChains
  /// Which map this is, and which one it was made with as `previous`.
  private let lineage: (own: Lineage, former: Lineage?)
  /// The same object in all maps that have the same service ports since one was made from the other.
  private let servicePorts: ServicePortSet

  private final class ServicePortSet: Sendable {}
  private final class Lineage: Sendable {}

  /// Interprets a family's tables.
  ///
  /// - Parameters:
  ///   - previous: The interpretation of an earlier reading; what it knows of chains that did not change
  ///     is used again. The outcome is the same as without.
  ///   - pairing: Of the chains of nat with that reading's; nil where it has to be found.
  public init(
    nat: TableContent?, filter: TableContent?, previous: ServiceMap? = nil,
    pairing: ChainPairing? = nil
  ) {
    var registry = ServiceRegistry(previous)
    let reading = nat.map { nat in
      let pairing = pairing ?? ChainPairing(from: previous?.knowledge?.content, to: nat)
      return NatReading(nat, pairing, previous: previous, into: &registry)
    }
    let mentions = filter.map { FilterReading($0, into: &registry) }
    let ranking = ServiceRanking(registry)
    var attribution = ServiceAttribution(ranking, registry, nat: nat)
    if let reading {
      attribution.attribute(
        reading, FormerVerdicts(registry, ranking, reading.knowledge.pairing, previous: previous))
    }
    filterOwners = attribution.attribute(mentions, ruleCount: filter?.ruleCount ?? 0)
    natOwners = attribution.natOwners
    connectionRules = attribution.connectionRules
    services = attribution.services
    orphanPositions = reading?.knowledge.orphans ?? []
    unnamed = reading?.dispatch.unnamed ?? UnnamedChains()
    knowledge = reading?.knowledge
    verdicts = attribution.verdicts
    identities = ranking.identities
    standings = ranking.standings
    balancingChains = attribution.balancingChains(of: nat)
    lineage = (Lineage(), previous?.lineage.own)
    servicePorts = (ranking.isSame ? previous?.servicePorts : nil) ?? ServicePortSet()
  }

  /// The index of the service port that owns a rule of one of the tables that the map was made of; nil
  /// where the rule belongs to none, or is of another table.
  public func owner(
    ofRule position: Int, ofChainAt chain: Int, in content: TableContent
  ) -> Int? {
    let owners: [Int32]
    switch content.name {
    case .nat: owners = natOwners
    case .filter: owners = filterOwners
    default: return nil
    }
    let rule = content.firstRules[chain] + position
    guard rule < owners.count, owners[rule] >= 0 else { return nil }
    return Int(owners[rule])
  }

  /// The same service port itself.
  public func servicePort(
    ofRule position: Int, ofChainAt chain: Int, in content: TableContent
  ) -> ServicePort? {
    owner(ofRule: position, ofChainAt: chain, in: content).map { services[$0].port }
  }

  /// How many service chains of nat are orphans.
  public var orphanChains: Int { orphanPositions.count }

  /// Whether this map was made with that one as `previous`.
  public func isMade(from other: ServiceMap) -> Bool { lineage.former === other.lineage.own }

  /// Which chains of nat are those of the nat of the map that this one was made with as `previous`; nil
  /// without a nat.
  public var chainPairing: ChainPairing? { knowledge?.pairing }

  /// Whether the maps, one of which was made from the other, have the same service ports at the same
  /// indices, which takes no time; false where it isn't known.
  public func hasSamePorts(as other: ServiceMap) -> Bool { servicePorts === other.servicePorts }
}

/// What is known of nat's chains, for who judges them.
extension ServiceMap {
  /// The positions in nat of the service ports' and endpoints' chains that the chain at a position
  /// leads to, each once.
  public func targets(ofChainAt chain: Int) -> ArraySlice<Int32> { knowledge?.jumps[chain] ?? [] }

  /// The service port that owns the chain at a position of nat. An endpoint's chain belongs to a service
  /// port that leads to it. Nil where nothing proves an owner, or nothing leads to the chain.
  public func servicePort(ofChainAt chain: Int) -> ServicePort? {
    guard let knowledge else { return nil }
    if case .proven(let name) = verdicts[chain] { return services[Int(name.service)].port }
    let rules = knowledge.content.firstRules[chain]..<knowledge.content.firstRules[chain + 1]
    guard let first = rules.first, natOwners[first] >= 0 else { return nil }
    return services[Int(natOwners[first])].port
  }

  /// Whether an endpoint's chain, at that position of nat, is proven to be a service port's by its name
  /// and its destination.
  public func isProvenEndpoint(_ chain: Int) -> Bool {
    if case .proven = verdicts[chain] { knowledge?.stages[chain] == .endpoint } else { false }
  }

  /// The endpoints' chains whose destination contradicts their name; in nat's order.
  ///
  /// A chain's name is the hash of its service port's name, protocol and destination. A chain is listed if
  /// traffic can reach it and it translates to another destination, or to none. It is not listed if its
  /// service port isn't known, or its destination isn't.
  public var endpointsElsewhere: [Int32] {
    guard let knowledge else { return [] }
    var isOrphan = [Bool](repeating: false, count: knowledge.stages.count)
    for chain in orphanPositions { isOrphan[Int(chain)] = true }
    let suspects = knowledge.stages.indices.filter { chain in
      guard knowledge.stages[chain] == .endpoint, !isOrphan[chain] else { return false }
      if case .proven = verdicts[chain], knowledge.translations.isOne(of: chain) { return false }
      let rules = knowledge.content.chains[chain].rules
      return !rules.isEmpty
        && (knowledge.translations.isAny(of: chain)
          || !rules.indices.contains { rules.outcome(at: $0) == .unknownDestinationNAT })
    }
    if suspects.isEmpty { return [] }
    let users = users(of: Set(suspects), knowledge)
    var text: [UInt8] = []
    return suspects.filter { chain in
      guard let names = users[chain] else { return false }
      let proof = EndpointProof(chain: chain, knowledge)
      let holds = names.contains { name in
        proof.holdsThroughout(services[Int(name.service)].port, endsInColon: name.endsInColon)
      }
      if holds { return false }
      if case .proven = verdicts[chain] { return true }
      return !proof.holdsForClaim(using: &text)
    }.map(Int32.init)
  }

  /// The names of the service ports whose chains lead to each of some chains.
  private func users(of chains: Set<Int>, _ knowledge: ChainKnowledge) -> [Int: Set<WrittenName>] {
    var users: [Int: Set<WrittenName>] = [:]
    for source in knowledge.stages.indices where knowledge.stages[source] == .service {
      guard case .proven(let name) = verdicts[source] else { continue }
      for target in knowledge.jumps[source] where chains.contains(Int(target)) {
        users[Int(target), default: []].insert(name)
      }
    }
    return users
  }
}

/// A nat table as far as it is understood without knowing all service ports.
struct NatReading {
  let knowledge: ChainKnowledge
  let dispatch: DispatchReading

  /// Reads what is new, and enters the service ports that the dispatch rules prove.
  init(
    _ nat: TableContent, _ pairing: ChainPairing, previous: ServiceMap?,
    into registry: inout ServiceRegistry
  ) {
    knowledge = ChainKnowledge(nat, pairing, former: previous?.knowledge)
    dispatch = DispatchReading(knowledge, previous: previous, into: &registry)
  }
}

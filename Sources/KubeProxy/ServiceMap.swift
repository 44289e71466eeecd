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
  /// For each service port, its index in the map that this one was made with as `previous`; -1 where
  /// it is new.
  public let formerServicePositions: [Int32]
  /// The indices of the service ports that are new, or whose ``Service`` isn't equal to that in the map
  /// that this one was made with as `previous`; ascending. Of one that only changed an endpoint for
  /// another, all counts remain.
  public let changedServices: [Int32]
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
  /// - Parameter previous: the interpretation of an earlier reading; what it knows of chains that did
  ///   not change is used again. The outcome is the same as without.
  public init(nat: TableContent?, filter: TableContent?, previous: ServiceMap? = nil) {
    var registry = ServiceRegistry(previous)
    let reading = nat.map { NatReading($0, previous: previous, into: &registry) }
    let mentions = filter.map { FilterReading($0, into: &registry) }
    let ranking = ServiceRanking(registry)
    var attribution = ServiceAttribution(ranking, registry, nat: nat)
    if let reading {
      attribution.attribute(
        reading, FormerVerdicts(registry, ranking, reading.matching, previous: previous))
    }
    filterOwners = attribution.attribute(mentions, ruleCount: filter?.ruleCount ?? 0)
    natOwners = attribution.natOwners
    connectionRules = attribution.connectionRules
    services = attribution.services
    orphanPositions = reading?.knowledge.orphans ?? []
    unnamed = reading?.dispatch.unnamed ?? UnnamedChains()
    formerServicePositions = ranking.formerPositions
    changedServices = Self.changes(
      to: services, from: previous?.services ?? [], ranking.formerPositions)
    knowledge = reading?.knowledge
    verdicts = attribution.verdicts
    identities = ranking.identities
    standings = ranking.standings
    balancingChains = attribution.balancingChains(of: nat)
    lineage = (Lineage(), previous?.lineage.own)
    servicePorts = (ranking.isSame ? previous?.servicePorts : nil) ?? ServicePortSet()
  }

  /// The indices of services that aren't the same at their former positions.
  private static func changes(
    to services: [Service], from former: [Service], _ formerPositions: [Int32]
  ) -> [Int32] {
    var changes: [Int32] = []
    // Spans, for nothing needs to be retained to be compared.
    let services = services.span
    let former = former.span
    for index in services.indices {
      let position = Int(formerPositions[index])
      if position < 0 || services[index] != former[position] { changes.append(Int32(index)) }
    }
    return changes
  }

  /// How many service chains of nat are orphans.
  public var orphanChains: Int { orphanPositions.count }

  /// Whether this map was made with that one as `previous`.
  public func isMade(from other: ServiceMap) -> Bool { lineage.former === other.lineage.own }

  /// For each chain of nat, where it stood in the nat of the map that this one was made with as
  /// `previous`; -1 where it did not exist.
  public var formerChainPositions: [Int32] { knowledge?.formerPositions ?? [] }

  /// Whether the maps, one of which was made from the other, have the same service ports at the same
  /// indices, which takes no time; false where it isn't known.
  public func hasSamePorts(as other: ServiceMap) -> Bool { servicePorts === other.servicePorts }
}

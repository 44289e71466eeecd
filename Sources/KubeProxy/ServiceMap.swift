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

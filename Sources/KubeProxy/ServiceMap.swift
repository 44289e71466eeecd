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
  /// Service chains of nat that no chain of another kind leads to, neither by itself nor through others.
  public let orphanChains: Int
  /// Distinct service chains that are dispatched to, but by no rule that proves whose they are.
  public let unnamedChains: Int

  /// The owner of a rule that belongs to no service port.
  public static let unowned: Int32 = -1

  /// A DNAT rule of a KUBE-SEP chain.
  public struct ConnectionRule: Sendable {
    /// The position of the rule in nat, counted over all chains.
    public let rule: Int32
    /// The index of the chain in nat.
    public let chain: Int32
    /// The index of the service port.
    public let service: Int32
  }

  /// Interprets a family's tables.
  ///
  /// - Parameter previous: the interpretation of an earlier reading; what it knows of chains that did
  ///   not change is used again.
  public convenience init(
    nat: TableContent?, filter: TableContent?, previous: ServiceMap? = nil
  ) {
    var builder = ServiceMapBuilder(nat: nat, filter: filter, previous: previous)
    builder.build()
    self.init(builder)
  }

  /// What is remembered of nat's chains, for the next interpretation.
  let knowledge: ChainKnowledge?
  /// The service ports that the hashes of chains prove.
  let identities: [ChainHash: ServiceIdentity]
  /// Whose the endpoints' chains were found to be; see the builder.
  let endpointVerdicts: [Int]

  /// For each chain of nat, where it stood in the nat of the map that this one was made with as
  /// `previous`; -1 where it did not exist.
  public var formerChainPositions: [Int32] { knowledge?.formerPositions ?? [] }

  private init(_ builder: ServiceMapBuilder) {
    let keys = builder.services.map(\.port.sortKey)
    let order = keys.indices.sorted { keys[$0] < keys[$1] }
    var ranks = [Int32](repeating: 0, count: order.count)
    for (rank, index) in order.enumerated() { ranks[index] = Int32(rank) }
    func ranked(_ owner: Int32) -> Int32 { owner < 0 ? owner : ranks[Int(owner)] }
    services = order.map { builder.services[$0] }
    natOwners = builder.natOwners.map(ranked)
    filterOwners = builder.filterOwners.map(ranked)
    connectionRules = builder.connectionRules.map {
      ConnectionRule(rule: $0.rule, chain: $0.chain, service: ranked($0.service))
    }
    orphanChains = builder.orphanChains
    unnamedChains = builder.unnamedChains
    knowledge = builder.knowledge
    identities = builder.identities
    endpointVerdicts = builder.endpointVerdicts
  }
}

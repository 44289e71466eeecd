internal import Churn
internal import KubeProxy
internal import Netfilter

/// How much of what changed in a family, by service port and by chain.
struct ChangeTally {
  /// A chain of a table.
  struct Place: Hashable, Comparable {
    let table: TableName
    let chain: ChainName

    static func < (left: Place, right: Place) -> Bool {
      (left.table, left.chain) < (right.table, right.chain)
    }
  }

  /// What changed for one service port.
  struct ServiceTally {
    var chains: [Place: ChangeCounts] = [:]
    /// Those of its own chains in which nothing but comments differ.
    var commentsOnly: Set<Place> = []
  }

  /// What changed in a chain, in rules that belong to no service port.
  struct ChainTally {
    let place: Place
    let placement: RulePlacement
    var counts = ChangeCounts.zero
    /// What happened to a chain that has no rules on either side.
    var emptyChain: Change?
  }

  /// What moved in a dispatch chain.
  struct DispatchMoves {
    let place: Place
    /// Whether all rules that changed their order exclude each other.
    let isOrderOnly: Bool
    /// The number of rules that belong to service ports.
    var owned: UInt64 = 0
    /// The services of these rules, as `namespace/name`.
    var services: Set<String> = []
    /// The number of rules that belong to no service port.
    let unowned: UInt64

    /// `2 rules of 1 service and 1 rule of no service`.
    var text: String {
      let services =
        "\(Wording.count(owned, "rule")) of \(Wording.count(services.count, "service"))"
      if unowned == 0 { return services }
      let others = "\(Wording.count(unowned, "rule")) of no service"
      return owned == 0 ? others : "\(services) and \(others)"
    }
  }

  private(set) var services: [ServicePort: ServiceTally] = [:]
  private(set) var chains: [ChainTally] = []
  private(set) var dispatchMoves: [DispatchMoves] = []

  /// - Parameter selection: the service ports that are asked for; nil for all, and for what belongs to
  ///   none.
  init(_ comparison: FamilyComparison, _ selection: ((ServicePort) -> Bool)?) {
    for table in comparison.tables {
      for change in table.difference.changedChains {
        add(comparison.changedRules(of: change, in: table), of: table, selection)
      }
    }
  }

  private mutating func add(
    _ rules: ChangedRules, of table: TableComparison, _ selection: ((ServicePort) -> Bool)?
  ) {
    let change = rules.change
    let place = Place(table: table.name, chain: change.name)
    let placement = RulePlacement(table.difference.chain(of: change))
    var nobody: [RulePlacement: ChangeCounts] = [:]
    var byService: [ServicePort: ChangeCounts] = [:]
    rules.forEachEvent { event, _, owner, placement in
      if let owner {
        if selection?(owner) ?? true { byService[owner, default: .zero].add(event) }
      } else if selection == nil, let placement {
        nobody[placement, default: .zero].add(event)
      }
    }
    if ChainRole(change.name) == .dispatch, !change.difference.moved.isEmpty {
      addMoves(of: byService, &nobody[placement, default: .zero], table, change)
    }
    let commentsOnly = placement.scope == .service && table.differsInCommentsOnly(change)
    for (port, counts) in byService {
      services[port, default: ServiceTally()].chains[place] = counts
      if commentsOnly { services[port]?.commentsOnly.insert(place) }
    }
    for (placement, counts) in nobody.sorted(by: { $0.key.kind < $1.key.kind }) {
      chains.append(ChainTally(place: place, placement: placement, counts: counts))
    }
    if change.difference.isEmpty {
      chains.append(ChainTally(place: place, placement: placement, emptyChain: change.chainChange))
    }
  }

  /// Enters what moved in a dispatch chain, and takes it from what else happened there.
  private mutating func addMoves(
    of services: [ServicePort: ChangeCounts], _ nobody: inout ChangeCounts,
    _ table: TableComparison, _ change: ChangedChain
  ) {
    let order = DispatchOrder(
      from: table.oldRules(of: change), to: table.newRules(of: change), change.difference)
    var moves = DispatchMoves(
      place: Place(table: table.name, chain: change.name), isOrderOnly: order.isOfNoEffect,
      unowned: nobody.moved)
    for (port, counts) in services where counts.moved > 0 {
      moves.owned += counts.moved
      moves.services.insert("\(port.namespace)/\(port.name)")
    }
    nobody.moved = 0
    if moves.owned + moves.unowned > 0 { dispatchMoves.append(moves) }
  }

  /// What changed in all of some chains, and their names: `2 added (CNI-A, CNI-B)`.
  static func text(_ chains: [ChainTally]) -> String {
    let counts = chains.reduce(into: ChangeCounts.zero) { $0 += $1.counts }
    return "\(counts.text) (\(Wording.list(chains.map { "\($0.place.chain)" })))"
  }
}

extension ChangeCounts {
  /// Counts a rule that was added, removed or moved.
  mutating func add(_ event: RulesetChange.Event) {
    switch event {
    case .ruleAdded: added += 1
    case .ruleRemoved: removed += 1
    case .ruleMoved: moved += 1
    case .ruleRewritten, .chainAdded, .chainRemoved, .policyChanged: break
    }
  }

  /// `2 added, 1 removed, 1 moved`.
  var text: String { Wording.counts([(added, "added"), (removed, "removed"), (moved, "moved")]) }
}

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
    /// Whether the chain itself came or went, and has no rules on either side.
    var emptyChain: Change?

    var scope: RuleScope { placement.scope }
    var kind: String { placement.kind }
  }

  /// What moved in a dispatch chain.
  struct DispatchMoves {
    let place: Place
    var rules: UInt64 = 0
    /// As `namespace/name`.
    var services: Set<String> = []
    /// Of the rules, those that belong to no service port.
    var unowned: UInt64 = 0
    /// Whether all rules that changed their order exclude each other.
    let isOrderOnly: Bool
  }

  private(set) var services: [ServicePort: ServiceTally] = [:]
  private(set) var chains: [ChainTally] = []
  private(set) var dispatchMoves: [DispatchMoves] = []

  /// - Parameter selection: the service ports that are asked for; nil for all, and for what belongs to
  ///   none.
  init(_ comparison: FamilyComparison, _ selection: ((ServicePort) -> Bool)?) {
    for table in comparison.tables {
      for change in table.difference.changedChains {
        guard let chain = table.chain(of: change) else { continue }
        add(change, chain, table, comparison, selection)
      }
    }
  }

  private mutating func add(
    _ change: ChangedChain, _ chain: Chain, _ table: TableComparison,
    _ comparison: FamilyComparison, _ selection: ((ServicePort) -> Bool)?
  ) {
    let place = Place(table: table.name, chain: chain.name)
    let placement = RulePlacement(chain)
    var nobody: [RulePlacement: ChangeCounts] = [:]
    var byService: [ServicePort: ChangeCounts] = [:]
    ChainOwners(change, table, comparison).forEach { kind, owner, placement in
      guard let owner else {
        if selection == nil, let placement { nobody[placement, default: .zero][kind] += 1 }
        return
      }
      if selection?(owner) ?? true { byService[owner, default: .zero][kind] += 1 }
    }
    if ChainRole(chain.name) == .dispatch, !change.difference.moved.isEmpty {
      addMoves(of: byService, &nobody[placement, default: .zero], place, change, table)
    }
    let commentsOnly = placement.scope == .service && table.differsInCommentsOnly(change)
    for (port, counts) in byService {
      if counts == .zero { continue }
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
    of services: [ServicePort: ChangeCounts], _ nobody: inout ChangeCounts, _ place: Place,
    _ change: ChangedChain, _ table: TableComparison
  ) {
    let order = DispatchOrder(
      from: table.oldRules(of: change), to: table.newRules(of: change), change.difference)
    var moves = DispatchMoves(place: place, isOrderOnly: order.isOfNoEffect)
    for (port, counts) in services where counts.moved > 0 {
      moves.rules += counts.moved
      moves.services.insert("\(port.namespace)/\(port.name)")
    }
    moves.unowned = nobody.moved
    moves.rules += moves.unowned
    nobody.moved = 0
    if moves.rules > 0 { dispatchMoves.append(moves) }
  }
}

extension ChangeCounts {
  /// `2 added, 1 removed, 1 moved`.
  var text: String { Wording.counts([(added, "added"), (removed, "removed"), (moved, "moved")]) }
}

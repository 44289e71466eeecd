internal import Churn
internal import KubeProxy
internal import Netfilter

/// How much of what changed in a family, by service port and by chain.
struct ChangeTally {
  struct Place: Hashable, Comparable {
    let table: TableName
    let chain: ChainName

    static func < (left: Place, right: Place) -> Bool {
      (left.table, left.chain) < (right.table, right.chain)
    }
  }

  /// How much differs.
  enum Weight: Comparable {
    /// Nothing but comments, in chains of its own.
    case comments
    /// The same, and how probabilities are rounded.
    case rounding
    case rules
  }

  /// What changed for a service port, chain by chain.
  typealias ServiceTally = [Place: (counts: ChangeCounts, weight: Weight)]
  /// What changed in a chain, in rules that belong to no service port.
  typealias ChainTally = (place: Place, placement: RulePlacement, counts: ChangeCounts)

  private(set) var services: [ServicePort: ServiceTally] = [:]
  private(set) var chains: [ChainTally] = []
  /// kube-proxy's other chains, and built-in ones, in which nothing but comments differs.
  private(set) var commentedChains: [(place: Place, isBuiltIn: Bool)] = []
  /// Chains that have no rules on either side, by what happened to them.
  private(set) var emptyChains: [Change: [Place]] = [:]
  /// What moved in each dispatch chain, as `2 rules of 1 service and 1 rule of no service`, and whether all
  /// rules that changed their order exclude each other.
  private(set) var dispatchMoves: [(place: Place, isOrderOnly: Bool, text: String)] = []

  /// - Parameter selection: the service ports that are asked for; nil for all, and for what belongs to
  ///   none.
  init(_ comparison: FamilyComparison, _ selection: ((ServicePort) -> Bool)?) {
    for table in comparison.tables {
      for rules in table.transition.changedRules {
        add(rules, of: table, selection)
      }
    }
  }

  private mutating func add(
    _ rules: ChangedRules, of table: TableComparison, _ selection: ((ServicePort) -> Bool)?
  ) {
    let change = rules.change
    let place = Place(table: table.name, chain: change.name)
    let placement = RulePlacement(rules.chain)
    var nobody: [RulePlacement: ChangeCounts] = [:]
    var byService: [ServicePort: ChangeCounts] = [:]
    let places = rules.places
    change.difference.forEachEvent { event in
      if let owner = rules.servicePort(of: event) {
        if selection?(owner) ?? true { byService[owner, default: .zero][event.change] += 1 }
      } else if selection == nil, let placement = places[event] {
        nobody[placement, default: .zero][event.change] += 1
      }
    }
    if selection == nil, byService.isEmpty, placement.scope != .service, placement.scope != .other,
      table.differsInCommentsOnly(change)
    {
      commentedChains.append((place, rules.chain.isBuiltIn))
      return
    }
    if ChainRole(change.name) == .dispatch, !change.difference.moved.isEmpty {
      addMoves(byService, &nobody[placement, default: .zero].moved, table, change, place)
    }
    let weight = placement.scope == .service ? Weight(of: change, in: table) : .rules
    for (port, counts) in byService {
      services[port, default: [:]][place] = (counts, weight)
    }
    for (placement, counts) in nobody.sorted(by: { $0.key.kind < $1.key.kind })
    where counts != .zero {
      chains.append((place, placement, counts))
    }
    if change.difference.isEmpty, let event = change.chainChange {
      emptyChains[event, default: []].append(place)
    }
  }

  /// Enters what moved in a dispatch chain. Rules that nobody owns are no longer counted among its other changes.
  private mutating func addMoves(
    _ services: [ServicePort: ChangeCounts], _ nobodys: inout UInt64, _ table: TableComparison,
    _ change: ChangedChain, _ place: Place
  ) {
    let order = DispatchOrder(
      from: table.oldRules(of: change), to: table.newRules(of: change), change.difference)
    let moved = services.filter { $0.value.moved > 0 }
    let names = Set(moved.keys.map { "\($0.namespace)/\($0.name)" })
    let owned = Wording.count(moved.values.reduce(0) { $0 + $1.moved }, "rule")
    let parts = [
      moved.isEmpty ? nil : "\(owned) of \(Wording.count(names.count, "service"))",
      nobodys == 0 ? nil : "\(Wording.count(nobodys, "rule")) of no service",
    ].compactMap(\.self)
    nobodys = 0
    if parts.isEmpty { return }
    dispatchMoves.append((place, order.isOfNoEffect, parts.joined(separator: " and ")))
  }

  /// What changed in all of some chains, and their names: `2 added (CNI-A, CNI-B)`.
  static func text(_ chains: [ChainTally]) -> String {
    let counts = chains.reduce(into: ChangeCounts.zero) { $0 += $1.counts }
    return "\(counts.text) (\(Wording.list(chains.map { "\($0.place.chain)" })))"
  }
}

extension ChangeTally.Weight {
  fileprivate init(of change: ChangedChain, in table: TableComparison) {
    self =
      table.differsInCommentsOnly(change)
      ? .comments : table.differsInRoundingOnly(change) ? .rounding : .rules
  }
}

extension ChangeCounts {
  /// `2 added, 1 removed, 1 moved`.
  var text: String { Wording.counts([(added, "added"), (removed, "removed"), (moved, "moved")]) }
}

internal import Churn
internal import KubeProxy
internal import Netfilter

/// What differs in the order of the chains that dispatch to service ports.
struct DispatchFindings {
  private let comparison: FamilyComparison
  private let tally: ChangeTally

  init(_ comparison: FamilyComparison, _ tally: ChangeTally) {
    self.comparison = comparison
    self.tally = tally
  }

  /// What moved, chain by chain.
  var moves: [Finding] {
    tally.dispatchMoves.map { moves in
      let place = Wording.place(moves.place.chain, moves.place.table, comparison.family)
      let verdict =
        moves.isOrderOnly
        ? "order only, no effect on traffic"
        : "the order may matter, for not all rules that changed it exclude each other"
      return Finding(
        moves.isOrderOnly ? .orderOnly : .dispatchOrder, moves.isOrderOnly ? .none : .traffic,
        "\(Self.rules(moves)) moved in \(place): \(verdict)", family: comparison.family,
        table: moves.place.table, chain: moves.place.chain)
    }
  }

  private static func rules(_ moves: ChangeTally.DispatchMoves) -> String {
    let owned = moves.rules - moves.unowned
    let services =
      "\(Wording.count(owned, "rule")) of \(Wording.count(moves.services.count, "service"))"
    if moves.unowned == 0 { return services }
    let unowned = "\(Wording.count(moves.unowned, "rule")) of no service"
    return owned == 0 ? unowned : "\(services) and \(unowned)"
  }

  /// Whether NodePorts still come last.
  var nodePortJump: [Finding] {
    guard let table = comparison.tables.first(where: { $0.name == .nat }),
      let change = table.difference.changedChains.first(where: { $0.name == .kubeServices }),
      change.oldIndex != nil, change.newIndex != nil
    else { return [] }
    let old = NodePortJump(table.oldRules(of: change))
    let new = NodePortJump(table.newRules(of: change))
    guard old != new else { return [] }
    let place = Wording.place(.kubeServices, .nat, comparison.family)
    let text =
      switch new {
      case .missing: "nothing leads from \(place) to KUBE-NODEPORTS any more"
      case .last: "the jump to KUBE-NODEPORTS is the last rule of \(place) now"
      case .notLast:
        "the jump to KUBE-NODEPORTS is not the last rule of \(place): it comes before services"
      }
    return [
      Finding(
        .nodePortJump, .traffic, text, family: comparison.family, table: .nat,
        chain: .kubeServices)
    ]
  }
}

/// Where KUBE-SERVICES leads to KUBE-NODEPORTS: in its last rule, or its last few where only some of the
/// node's addresses have NodePorts.
private enum NodePortJump {
  case missing, last, notLast

  init(_ rules: RuleList) {
    let isJump = rules.indices.map { rules.outcome(at: $0) == .chain(.kubeNodePorts) }
    guard let first = isJump.firstIndex(of: true) else {
      self = .missing
      return
    }
    self = isJump[first...].allSatisfy { $0 } ? .last : .notLast
  }
}

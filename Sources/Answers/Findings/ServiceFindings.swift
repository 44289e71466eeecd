internal import KubeProxy
internal import Netfilter

/// What differs for service ports, one after the other.
struct ServiceFindings {
  private(set) var findings: [Finding] = []

  init(_ comparison: FamilyComparison, _ tally: ChangeTally) {
    if tally.services.isEmpty { return }
    let (old, new) = (Side(comparison.old), Side(comparison.new))
    var commentsOnly = 0
    for (port, changes) in tally.services.sorted(by: { $0.key < $1.key }) {
      let change = ServiceChange(
        port: port, family: comparison.family, old: old.facts(of: port),
        new: new.facts(of: port), changes: changes)
      if change.isCommentsOnly { commentsOnly += 1 } else { findings += change.findings }
    }
    if commentsOnly > 0 {
      findings.append(
        Finding(
          .commentsOnly, .none,
          "only comments differ in the rules of \(Wording.count(commentsOnly, "service port"))"
            + "\(Wording.suffix(comparison.family)): no effect on traffic",
          family: comparison.family))
    }
  }

  private struct Side {
    let side: FamilySide
    let dispatch: DispatchFacts
    let indices: [ServicePort: Int]

    init(_ side: FamilySide) {
      self.side = side
      dispatch = DispatchFacts(side)
      indices = Dictionary(
        side.map.services.enumerated().map { ($1.port, $0) }, uniquingKeysWith: { $1 })
    }

    func facts(of port: ServicePort) -> ServiceFacts? {
      indices[port].map { ServiceFacts($0, dispatch, side) }
    }
  }
}

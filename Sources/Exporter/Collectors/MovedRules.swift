internal import Churn
internal import KubeProxy
internal import Netfilter

/// How many rules of service ports were moved since a scrape, of those of which any were.
struct MovedRules {
  /// For each family, by position among the selected.
  private var counts: [IPFamily: [Int: UInt64]] = [:]

  /// - Parameter earlier: the totals at that scrape; nil where there was none: then nothing was missed.
  init(since earlier: ChurnMark?, _ state: RulesetState) {
    let ledger = state.ledger
    guard let earlier, earlier.revision != ledger.revision else { return }
    let recent = ledger.recentServices
    let isRecent = earlier.revision >= recent.start
    for services in state.services {
      let selected = services.selected
      func note(_ key: ChurnLedger.ServiceKey, at position: Int) {
        let moved = ledger.services.changes(since: earlier.services, for: key).moved
        if moved > 0 { counts[services.family, default: [:]][position] = moved }
      }
      if isRecent {
        for key in recent.keys where key.family == services.family {
          guard let position = selected.position(of: key.port, in: services.map) else { continue }
          note(key, at: position)
        }
      } else {
        for (position, index) in selected.indices.enumerated() {
          note(
            ChurnLedger.ServiceKey(
              family: services.family, port: services.map.services[index].port),
            at: position)
        }
      }
    }
  }

  /// Those of a block, by position among the selected.
  func counts(of block: ServiceBlock) -> [Int: UInt64] {
    (counts[block.services.family] ?? [:]).filter { block.positions.contains($0.key) }
  }
}

internal import Churn
internal import KubeProxy
internal import Netfilter
internal import Tracking

/// Some of a family's selected service ports, which are rendered together, and again where a count of
/// one of them changed.
struct ServiceBlock {
  let services: ServiceState
  private let number: Int
  /// Whether no other stands before it: the family's help and type are written with it.
  let isFirst: Bool
  /// Positions among the selected.
  let positions: Range<Int>

  /// Tells a block from all others of all readings.
  struct Name: Hashable {
    let family: IPFamily
    let number: Int
  }

  var name: Name { Name(family: services.family, number: number) }

  /// All blocks of all families, in the order of the metrics.
  static func all(of state: RulesetState) -> [ServiceBlock] {
    let first = state.services.first { !$0.selected.indices.isEmpty }?.family
    return state.services.flatMap { services in
      services.selected.blocks.enumerated().map { number, positions in
        ServiceBlock(
          services: services, number: number, isFirst: number == 0 && services.family == first,
          positions: positions)
      }
    }
  }

  /// The same while these service ports are, at this place of the metrics.
  var selectionRevision: [UInt64] { [services.selectionRevision, isFirst ? 1 : 0] }

  /// The same while these service ports are, and while their counts are.
  func revision(of revisions: KeyPath<SelectedServices, [UInt64]>) -> [UInt64] {
    selectionRevision + [services.selected[keyPath: revisions][number]]
  }
}

extension IPFamily {
  /// The family's number in a revision.
  var number: UInt64 { self == .ipv4 ? 4 : 6 }
}

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

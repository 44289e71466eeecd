internal import Netfilter

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
  /// What tells the families apart in a revision.
  var number: UInt64 { self == .ipv4 ? 4 : 6 }
}

internal import Netfilter

/// Some of a family's selected service ports, which are rendered together, and again where a count of
/// one of them changed.
struct ServiceBlock {
  let services: ServiceState
  private let number: Int
  /// Positions among the selected.
  let positions: Range<Int>

  /// All blocks of all families, in the order of the metrics.
  static func all(of state: RulesetState) -> [ServiceBlock] {
    state.services.flatMap { services in
      services.selected.blocks.enumerated().map {
        ServiceBlock(services: services, number: $0, positions: $1)
      }
    }
  }

  /// The same while these service ports are.
  var selectionRevision: [UInt64] {
    [services.family.number, UInt64(number), services.selectionRevision]
  }

  /// The same while these service ports are, and while their counts are.
  func revision(of revisions: KeyPath<SelectedServices, [UInt64]>) -> [UInt64] {
    selectionRevision + [services.selected[keyPath: revisions][number]]
  }
}

extension IPFamily {
  /// What tells the families apart in a revision.
  var number: UInt64 { self == .ipv4 ? 4 : 6 }
}

internal import KubeProxy
internal import Netfilter

/// All that one reading came to: what a scrape is rendered from.
struct RulesetState: Sendable {
  /// Sorted by backend and family.
  let families: [FamilyState]
  let ledger: ChurnLedger
  /// The number of this reading; the first is 1.
  let number: UInt64
  /// How long it took, in seconds, until all of it was understood.
  let duration: Double

  /// The families whose reading succeeded.
  var readFamilies: [(state: FamilyState, reading: FamilyState.Reading)] {
    families.compactMap { state in
      if case .read(let reading) = state.outcome { (state, reading) } else { nil }
    }
  }

  /// The families to tell service ports of: where two backends hold rules of one family, the one with
  /// kube-proxy's, and legacy where both have them.
  var serviceFamilies: [(state: FamilyState, reading: FamilyState.Reading)] {
    IPFamily.allCases.compactMap { family in
      let candidates = readFamilies.filter { $0.state.family == family }
      return candidates.first { !$0.reading.map.services.isEmpty } ?? candidates.first
    }
  }

  /// Whether every family could be read.
  var isComplete: Bool { readFamilies.count == families.count }
}

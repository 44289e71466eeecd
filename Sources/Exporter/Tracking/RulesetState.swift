internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform

/// All that one reading came to: what a scrape is rendered from.
struct RulesetState: Sendable {
  /// Sorted by backend and family.
  let families: [FamilyState]
  /// The service ports, in the backend that kube-proxy uses; sorted by family.
  let services: [ServiceState]
  let choice: BackendChoice?
  let mode: KubeProxyMode
  let transactions: TransactionCounts?
  let ledger: ChurnLedger
  let rewrites: RewriteLedger
  let log: ChangeLog
  let serviceTimes: ServiceChangeTimes
  /// Which reading this was, and what it took.
  var reading = ReadingAccount()

  /// The families whose reading succeeded.
  var readFamilies: [(state: FamilyState, reading: FamilyState.Reading)] {
    families.compactMap { state in state.reading.map { (state, $0) } }
  }

  /// Whether both backends hold chains of Kubernetes.
  var hasMixedBackends: Bool {
    Set(families.lazy.filter { $0.landmarks.contains(.kubernetes) }.map(\.backend)).count > 1
  }

  /// Whether it shows that rules can be read: some were, or there are none, and nothing failed. Where a
  /// backend can't be read, that the other is empty tells nothing.
  var isSuccess: Bool {
    readFamilies.contains { !$0.reading.snapshot.tables.isEmpty }
      || !families.isEmpty && readFamilies.count == families.count
  }

  /// Whether every family could be read of the backends that are followed.
  var isComplete: Bool { families.allSatisfy { !$0.isFollowed || $0.reading != nil } }

  /// Why it isn't known whether a pattern selects something that the collector would tell of.
  func patternFailure(of collector: CollectorName) -> MatchingError? {
    switch collector {
    case .services, .connections, .endpoints: services.lazy.compactMap(\.patternFailure).first
    case .rules: readFamilies.lazy.compactMap { $0.reading.rules?.failure }.first
    case .anomalies, .tables: nil
    }
  }
}

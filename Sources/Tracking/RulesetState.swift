package import Churn
package import IPTablesSource
package import KubeProxy
package import Netfilter
package import Platform

/// All that one reading came to: what a scrape is rendered from.
package struct RulesetState: Sendable {
  /// Sorted by backend and family.
  package let families: [FamilyState]
  /// The service ports, in the backend that kube-proxy uses; sorted by family.
  package let services: [ServiceState]
  package let mode: KubeProxyMode
  /// What the state was made from.
  package let source: RulesetReading
  /// What the last dump of the connection table came to; nil before the first.
  package var connections: ConnectionReport?
  package let ledger: ChurnLedger
  /// Where the ledger's totals stand.
  package let mark: ChurnMark
  /// When counting began, in seconds since 1970; nil where nobody wants to know.
  package let beginning: Double?
  /// Which reading this was, and what it took.
  package internal(set) var reading = ReadingAccount()

  /// The families whose reading succeeded.
  package var readFamilies: [(state: FamilyState, reading: FamilyState.Reading)] {
    families.compactMap { state in state.reading.map { (state, $0) } }
  }

  /// The rules that the service ports were found in; nil where they are no longer there.
  package func snapshot(of services: ServiceState) -> FamilySnapshot? {
    readFamilies.first { $0.reading.services?.map === services.map }?.reading.snapshot
  }

  /// Whether both backends hold chains of Kubernetes.
  package var hasMixedBackends: Bool {
    Set(families.lazy.filter { $0.landmarks.contains(.kubernetes) }.map(\.backend)).count > 1
  }

  /// Whether rules can be read: some were read, or nothing failed and there are none. If one backend can't be read,
  /// an empty other one proves nothing.
  package var isSuccess: Bool {
    readFamilies.contains { !$0.reading.snapshot.tables.isEmpty }
      || !families.isEmpty && readFamilies.count == families.count
  }

  /// Whether every family could be read of the backends that are followed.
  package var isComplete: Bool { families.allSatisfy { !$0.isFollowed || $0.reading != nil } }

  /// Why it isn't known of a service port whether a pattern selects it.
  package var servicePatternFailure: MatchingError? {
    services.lazy.compactMap(\.patternFailure).first
  }

  /// Why it isn't known of a rule whether a pattern selects it.
  package var rulePatternFailure: MatchingError? {
    readFamilies.lazy.compactMap { $0.reading.rules?.failure }.first
  }
}

/// What a reading found of one family in one backend.
package struct FamilyState: Sendable {
  package let backend: Backend
  package let family: IPFamily
  /// Whether the backend is one that kube-proxy may be using; else only its size is exported.
  package let isFollowed: Bool
  /// What the chains showed at the last good reading, of which this may be one.
  package let landmarks: Landmarks
  package let result: Result<Reading, ReadingError>

  package struct Reading: Sendable {
    package let snapshot: FamilySnapshot
    /// What each table is made of.
    package let censuses: [TableName: KindCensus]
    /// Nil where nobody needs to know whose the rules are.
    package let services: Services?
    /// What the rules have counted; nil where nobody wants to know, or the backend isn't followed.
    package var rules: RuleTotals.Counts?
  }

  /// The service ports of a family in one backend.
  package struct Services: Sendable {
    package let map: ServiceMap
    /// The new connections of each of the map's rules that count them, since the last good reading.
    package let newConnections: [UInt64]
  }

  var identity: FamilyIdentity { FamilyIdentity(backend: backend, family: family) }

  /// What was read; nil where the reading failed.
  package var reading: Reading? { try? result.get() }
}

/// The service ports of one address family, in the backend that kube-proxy uses.
package struct ServiceState: Sendable {
  package let family: IPFamily
  package let map: ServiceMap
  package let gauges: ServiceGauges
  /// The rules of each selected service port that changed since the exporter started.
  package let changes: ServiceCounts<ChangeCounts>
  /// How many of them were written again.
  package let rewritten: ServiceCounts<UInt64>
  /// Why it isn't known of a service port whether it is selected.
  package let patternFailure: MatchingError?
  /// The connections of each of the map's service ports since the exporter started.
  package let connections: [UInt64]
  /// Their endpoints'; nil where nobody wants to know.
  package let endpoints: EndpointCounts?
  /// What nodes that are in step agree on.
  package let fingerprint: UInt64
  /// Nil where nobody wants to know.
  package let anomalies: AnomalyState?

  package var selected: SelectedServices { gauges.selected }
}

/// Which of the readings one was, and what it took: an object for each reading.
package final class ReadingAccount: Sendable {
  /// The number of this reading; the first is 1.
  package let number: UInt64
  /// How many of the readings so far no scrape asked for.
  package let unasked: UInt64
  /// How long it took, in seconds, until all of it was understood.
  package let duration: Double
  /// When the rules were read; nil before the first reading.
  package let time: Moment?

  /// Whether it had not begun yet at that time.
  func began(after moment: Moment) -> Bool {
    time.map { $0.instant - .seconds(duration) >= moment.instant } ?? false
  }

  init(number: UInt64 = 0, unasked: UInt64 = 0, duration: Double = 0, time: Moment? = nil) {
    self.time = time
    self.number = number
    self.unasked = unasked
    self.duration = duration
  }
}

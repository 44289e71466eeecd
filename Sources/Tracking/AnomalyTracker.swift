package import Anomalies
internal import KubeProxy
package import Netfilter

/// Follows the faults in the rules of one address family, in whichever backend kube-proxy uses, and since
/// when each has been there.
struct AnomalyTracker {
  private var last: Inspection?
  /// When each of the last reading's faults was first seen.
  private var beginnings: [Finding.Identity: Moment] = [:]
  private var faults: [AnomalyState.Key: AnomalyState.Faults] = [:]

  /// Inspects a reading; nothing is looked at where no rules differ from the last one's, nor kube-proxy's mode.
  ///
  /// - Parameter other: The family in the backend that kube-proxy doesn't use, if it was read.
  func inspect(
    _ snapshot: FamilySnapshot, beside other: FamilySnapshot?, map: ServiceMap, mode: KubeProxyMode
  ) -> Inspection {
    Inspection(of: snapshot, map: map, mode: mode, beside: other, previous: last)
  }

  /// Takes in the inspection of a reading of that time.
  mutating func take(
    _ inspection: Inspection, of snapshot: FamilySnapshot, at time: Moment
  ) -> AnomalyState {
    if last?.isOfSameRules(as: inspection) != true { note(inspection.findings, at: time) }
    last = inspection
    return AnomalyState(
      family: snapshot.family, tables: snapshot.tables.map(\.name),
      findings: inspection.findings, time: time, faults: faults)
  }

  private mutating func note(_ findings: [Finding], at time: Moment) {
    var present: [Finding.Identity: Moment] = [:]
    faults.removeAll(keepingCapacity: true)
    for finding in findings {
      let beginning = beginnings[finding.identity] ?? time
      present[finding.identity] = beginning
      let key = AnomalyState.Key(table: finding.table, anomaly: finding.anomaly)
      let others = faults[key] ?? (0, beginning)
      faults[key] = (others.count + 1, min(others.beginning, beginning))
    }
    beginnings = present
  }
}

/// The faults of a reading of one address family.
package struct AnomalyState: Sendable {
  struct Key: Hashable {
    let table: TableName
    let anomaly: Anomaly
  }

  /// How many there are of a kind in one table, and when the oldest was first seen.
  typealias Faults = (count: Int, beginning: Moment)

  package let family: IPFamily
  /// The tables that were read.
  package let tables: [TableName]
  /// Sorted by kind, table and chain.
  package let findings: [Finding]
  /// When they were read.
  let time: Moment
  fileprivate let faults: [Key: Faults]

  /// The faults of a kind in a table.
  package struct Account: Sendable {
    package let count: Int
    /// For how many seconds the oldest has been seen; 0 where there is none.
    package let age: Double
    /// When the oldest was first seen, in seconds since 1970; nil where there is none.
    package let beginning: Double?
  }

  /// How many faults of a kind there are in a table, and since when.
  package func account(of anomaly: Anomaly, in table: TableName) -> Account {
    guard let faults = faults[Key(table: table, anomaly: anomaly)] else {
      return Account(count: 0, age: 0, beginning: nil)
    }
    return Account(
      count: faults.count, age: faults.beginning.age(at: time),
      beginning: faults.beginning.wallClock)
  }
}

internal import Anomalies
internal import Exposition
internal import Netfilter
internal import Tracking

extension CollectorName {
  package static let anomalies = CollectorName(
    rawValue: "anomalies", help: "Collect faults in the rules of kube-proxy and the kubelet.",
    subjects: .anomalies,
    collector: AnomaliesCollector())
}

/// `anomalies`: faults in the rules of kube-proxy and the kubelet.
struct AnomaliesCollector: Collector {
  func sharedParts(of state: RulesetState) -> [Part] {
    let part = Part(.gauges, from: [state.reading]) { writer in
      writer.gauge(
        "iptables_anomalies",
        "Faults in the rules of kube-proxy and the kubelet, by kind. The command check lists them one by "
          + "one."
      ) { samples in Self.forEach(state) { samples.sample(Self.labels($0), $0.account.count) } }
      writer.gauge(
        "iptables_anomaly_age_seconds",
        "For how long the oldest of these faults has been seen; 0 where there is none. kube-proxy itself "
          + "leaves some for a while, such as orphaned chains in large clusters."
      ) { samples in Self.forEach(state) { samples.sample(Self.labels($0), $0.account.age) } }
      writer.gauge(
        "iptables_anomaly_since_timestamp_seconds",
        "When the oldest of these faults was first seen; absent where there is none."
      ) { samples in
        Self.forEach(state) { place in
          if let time = place.account.beginning { samples.sample(Self.labels(place), time) }
        }
      }
    }
    return [part]
  }

  /// A kind of fault, in a table in which it can occur.
  private struct Place {
    let family: IPFamily
    let table: TableName
    let anomaly: Anomaly
    let account: AnomalyState.Account
  }

  private static func labels(_ place: Place) -> LabelSet {
    LabelSet([
      "ip_family": place.family.rawValue, "table": place.table.rawValue,
      "anomaly": place.anomaly.rawValue,
    ])
  }

  /// Calls `body` for each kind of each table in which it can occur.
  private static func forEach(_ state: RulesetState, _ body: (Place) -> Void) {
    for services in state.services {
      guard let anomalies = services.anomalies else { continue }
      for table in anomalies.tables {
        for anomaly in Anomaly.allCases where anomaly.tables.contains(table) {
          body(
            Place(
              family: anomalies.family, table: table, anomaly: anomaly,
              account: anomalies.account(of: anomaly, in: table)))
        }
      }
    }
  }
}

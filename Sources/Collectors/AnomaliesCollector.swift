internal import Anomalies
internal import Exposition
internal import Netfilter
internal import Tracking

extension CollectorName {
  package static let anomalies = CollectorName(
    "anomalies", "Collect faults in the rules of kube-proxy and the kubelet.", subjects: .anomalies,
    AnomaliesCollector())
}

/// `anomalies`: faults in the rules of kube-proxy and the kubelet.
struct AnomaliesCollector: Collector {
  func sharedParts(of state: RulesetState) -> [Part] {
    let part = Part(.gauges, from: [state.reading]) { writer in
      writer.gauge(
        "iptables_anomalies",
        "Faults in the rules of kube-proxy and the kubelet, by kind. The command check lists them one by "
          + "one."
      ) { samples in Self.forEach(state) { samples.sample($0, $1.count) } }
      writer.gauge(
        "iptables_anomaly_age_seconds",
        "For how long the oldest of these faults has been seen; 0 where there is none. kube-proxy itself "
          + "leaves some for a while, such as orphaned chains in large clusters."
      ) { samples in Self.forEach(state) { samples.sample($0, $1.age) } }
    }
    return [part]
  }

  /// Calls `body` for each kind of each table in which it can occur.
  private static func forEach(
    _ state: RulesetState, _ body: (LabelSet, (count: Int, age: Double)) -> Void
  ) {
    for services in state.services {
      guard let anomalies = services.anomalies else { continue }
      for table in anomalies.tables {
        for anomaly in Anomaly.allCases where anomaly.tables.contains(table) {
          let labels = LabelSet([
            "ip_family": anomalies.family.rawValue, "table": table.rawValue,
            "anomaly": anomaly.rawValue,
          ])
          body(labels, anomalies.account(of: anomaly, in: table))
        }
      }
    }
  }
}

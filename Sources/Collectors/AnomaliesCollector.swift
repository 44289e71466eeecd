internal import Anomalies
internal import Exposition
internal import Netfilter
internal import Tracking

extension Collector {
  package static let anomalies = Collector(
    name: "anomalies", help: "Collect faults in the rules of kube-proxy and the kubelet.",
    subject: .anomalies, sharedParts: AnomaliesCollector.sharedParts)
}

/// `anomalies`: faults in the rules of kube-proxy and the kubelet.
private enum AnomaliesCollector {
  static func sharedParts(of state: RulesetState) -> [Part] {
    let part = Part(.gauges, from: [state.reading]) { writer in
      let accounts = state.services.compactMap(\.anomalies).flatMap(Self.accounts)
      writer.gauge(
        "iptables_anomalies",
        "Faults in the rules of kube-proxy and the kubelet, by kind. The command check lists them one by "
          + "one."
      ) { samples in
        for (labels, account) in accounts { samples.sample(labels, account.count) }
      }
      writer.gauge(
        "iptables_anomaly_age_seconds",
        "For how long the oldest of these faults has been seen; 0 where there is none. kube-proxy itself "
          + "leaves some for a while, such as orphaned chains in large clusters."
      ) { samples in
        for (labels, account) in accounts { samples.sample(labels, account.age) }
      }
      writer.gauge(
        "iptables_anomaly_since_timestamp_seconds",
        "When the oldest of these faults was first seen; absent where there is none."
      ) { samples in
        for (labels, account) in accounts {
          if let time = account.beginning { samples.sample(labels, time) }
        }
      }
    }
    return [part]
  }

  /// The faults of each kind in each table in which it can occur.
  private static func accounts(
    of anomalies: AnomalyState
  ) -> [(labels: LabelSet, account: AnomalyState.Account)] {
    anomalies.tables.flatMap { table in
      Anomaly.allCases.filter { $0.tables.contains(table) }.map { anomaly in
        let labels = LabelSet([
          "ip_family": anomalies.family.rawValue, "table": table.rawValue,
          "anomaly": anomaly.rawValue,
        ])
        return (labels, anomalies.account(of: anomaly, in: table))
      }
    }
  }
}

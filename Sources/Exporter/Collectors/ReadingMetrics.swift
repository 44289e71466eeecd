internal import Exposition
internal import KubeProxy
internal import Netfilter

/// Whether the rules could be read, where they are, and what reading them cost. Always exported.
struct ReadingMetrics {
  func write(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.up) { samples in
      for family in state.families {
        var isUp = 0
        if case .read = family.outcome { isUp = 1 }
        samples.sample(
          LabelSet(["backend": family.backend.rawValue, "ip_family": family.family.rawValue]),
          isUp)
      }
    }
    writer.write(Self.backendInfo) { samples in
      for (backend, isKubernetes) in Self.backends(of: state).sorted(by: { $0.key < $1.key }) {
        samples.sample(
          LabelSet([
            "backend": backend.rawValue, "kubernetes": isKubernetes ? "true" : "false",
          ]), 1)
      }
    }
    writer.write(Self.duration) { $0.sample(.none, state.duration) }
    writer.write(Self.readings) { $0.sample(.none, state.number) }
  }

  /// The backends that hold rules, and whether kube-proxy's are among them.
  private static func backends(of state: RulesetState) -> [Backend: Bool] {
    var backends: [Backend: Bool] = [:]
    for (family, reading) in state.readFamilies {
      let contents = reading.snapshot.tables.map(\.content)
      guard contents.contains(where: { $0.ruleCount > 0 }) else { continue }
      let isKubernetes = contents.contains { content in
        // The kubelet has chains of its own, whoever serves services.
        content.chains.contains { $0.name == .kubeServices }
      }
      backends[family.backend] = backends[family.backend] ?? false || isKubernetes
    }
    return backends
  }

  private static let up = MetricFamily(
    "iptables_up", .gauge,
    "1 where the last reading of this backend and family succeeded. The log says why one failed.")

  private static let backendInfo = MetricFamily(
    "iptables_backend_info", .gauge,
    "Always 1 for each backend that holds rules; kubernetes tells whether it holds kube-proxy's.")

  private static let duration = MetricFamily(
    "iptables_reading_duration_seconds", .gauge,
    "How long it took to read, interpret and compare the rules. Scrapes at the same time share one "
      + "reading.")

  private static let readings = MetricFamily(
    "iptables_readings_total", .counter, "Readings of the rules since the exporter started.")
}

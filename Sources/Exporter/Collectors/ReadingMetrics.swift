internal import Exposition
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter

/// Whether the rules could be read, where they are, and what reading them cost. Always exported.
struct ReadingMetrics {
  func write(_ state: RulesetState, to writer: inout ExpositionWriter) {
    writer.write(Self.up) { samples in
      for family in state.families {
        samples.sample(
          LabelSet(["backend": family.backend.rawValue, "ip_family": family.family.rawValue]),
          family.reading == nil ? 0 : 1)
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
    writer.write(Self.mixedBackends) { $0.sample(.none, state.hasMixedBackends ? 1 : 0) }
    writer.write(Self.modeInfo) { $0.sample(LabelSet(["mode": state.mode.rawValue]), 1) }
    writeTransactions(state, to: &writer)
    writer.write(Self.duration) { $0.sample(.none, state.reading.duration) }
    writer.write(Self.readings) { $0.sample(.none, state.reading.number) }
    writer.write(Self.watchReadings) { $0.sample(.none, state.reading.unasked) }
  }

  private func writeTransactions(_ state: RulesetState, to writer: inout ExpositionWriter) {
    guard let transactions = state.transactions else { return }
    writer.write(Self.transactions) { samples in
      for (process, count) in transactions.byProcess.sorted(by: { $0.key < $1.key }) {
        samples.sample(LabelSet(["process": process]), count)
      }
    }
    writer.write(Self.overruns) { $0.sample(.none, transactions.overruns) }
  }

  /// The backends that hold rules, and whether kube-proxy's are among them.
  private static func backends(of state: RulesetState) -> [Backend: Bool] {
    var backends: [Backend: Bool] = [:]
    for (family, reading) in state.readFamilies {
      guard reading.snapshot.tables.contains(where: { $0.content.ruleCount > 0 }) else { continue }
      // The kubelet has chains of its own, whoever serves services.
      let isKubernetes = family.landmarks.contains(.kubeServices)
      backends[family.backend] = backends[family.backend] ?? false || isKubernetes
    }
    return backends
  }
}

internal import Anomalies
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Tracking

/// What is wrong, with what to do about it.
extension Page {
  /// The most faults of a kind that are shown, and the most rules of a fault.
  private static let longest = (findings: 10, rules: 5)

  var faults: Markup {
    let states = state.services.compactMap(\.anomalies)
    if states.isEmpty {
      return state.services.isEmpty
        ? ""
        : """
        <p class="quiet">Nobody looks for faults: the collector <code>anomalies</code> is off.</p>

        """
    }
    // Of both backends a section of its own says more.
    let findings = states.flatMap(\.findings).filter { $0.anomaly != .mixedBackends }
    if findings.isEmpty { return "<p class=\"good\">No faults in kube-proxy&#39;s rules.</p>\n" }
    return banner(of: findings, "in kube-proxy&#39;s rules")
  }

  func faults(of port: ServicePort) -> Markup {
    let findings = state.services.compactMap(\.anomalies).flatMap(\.findings).filter {
      $0.servicePort == port
    }
    return findings.isEmpty ? "" : banner(of: findings, "of this service port")
  }

  private func banner(of findings: [Finding], _ place: Markup) -> Markup {
    let isSerious = findings.contains { $0.anomaly.severity != .info }
    let kinds = Anomaly.allCases.compactMap { anomaly -> Markup? in
      let some = findings.filter { $0.anomaly == anomaly }
      return some.isEmpty ? nil : kind(anomaly, some)
    }
    return """
      <section class="banner\(isSerious ? " bad" : "")" aria-labelledby="faults">
      <h2 id="faults">\(findings.count) \(findings.count == 1 ? "fault" : "faults") \(place)</h2>
      \(kinds)</section>

      """
  }

  private func kind(_ anomaly: Anomaly, _ findings: [Finding]) -> Markup {
    let left = findings.count - Self.longest.findings
    let more: Markup =
      left > 0
      ? "<li>… and \(left) more; <code>kube-iptables-exporter check</code> shows them</li>" : ""
    return """
      <details open><summary><strong>\(text: anomaly.rawValue)</strong>\
      \(anomaly.severity == .info ? " (info)" : ""): \(text: anomaly.title)\
      \(findings.count > 1 ? ", \(findings.count) times" : "")</summary>
      <ul>\(findings.prefix(Self.longest.findings).map(item))\(more)</ul>
      <p><strong>Why it matters:</strong> \(text: anomaly.reason)</p>
      <p><strong>What to do:</strong> \(text: anomaly.advice)</p></details>

      """
  }

  private func item(_ finding: Finding) -> Markup {
    let port: Markup = finding.servicePort.map { ", \(name(of: $0))" } ?? ""
    let rules = finding.rules.prefix(Self.longest.rules).map { place -> Markup in
      rule(place.rule, in: place.chain, at: place.position)
    }
    let left = finding.rules.count - rules.count
    let more: Markup = left > 0 ? "<li>… and \(left) more rules</li>" : ""
    let list: Markup = rules.isEmpty ? "" : "<ul>\(rules)\(more)</ul>"
    return """
      <li>\(text: finding.family.rawValue) \(text: finding.table.rawValue)\(port): \
      <bdi>\(text: finding.detail)</bdi>\(list)</li>

      """
  }

  private func rule(_ rule: Rule, in chain: ChainName, at position: Int) -> Markup {
    "<li><code><bdi>\(text: rule.text(in: chain))</bdi></code> (rule \(position + 1))</li>"
  }

  // MARK: Mixed backends

  /// What to know where both backends hold chains of Kubernetes; nothing where one does.
  var mixedBackends: Markup {
    guard state.hasMixedBackends else { return "" }
    let families = state.readFamilies.filter { $0.state.landmarks.contains(.kubernetes) }.map {
      item($0.state, $0.reading.snapshot)
    }
    return """
      <section class="banner bad" aria-labelledby="mixed">
      <h2 id="mixed">Rules of Kubernetes in both backends</h2>
      <ul>\(families)</ul>
      <p><strong>Why it matters:</strong> The kernel passes packets through both. One is kube-proxy&#39;s; \
      nobody updates the other: it may send connections to endpoints that are gone.</p>
      <p><strong>What to do:</strong> Make kube-proxy, the kubelet and the network plugin use the same \
      backend. Then remove what is left in the other one: drain and restart the node, or delete the chains \
      that begin with KUBE-.</p>
      </section>

      """
  }

  private func item(_ family: FamilyState, _ snapshot: FamilySnapshot) -> Markup {
    let tables = snapshot.tables.compactMap { table -> Markup? in
      let content = table.content
      let count = content.chains.indices.count { content.chains[$0].name.hasPrefix("KUBE-") }
      if count == 0 { return nil }
      return
        "<li>\(text: table.name.rawValue): \(count) \(count == 1 ? "chain" : "chains"), entered by<ul>\(entries(content))</ul></li>"
    }
    return """
      <li>\(text: family.backend.rawValue) \(text: family.family.rawValue)\
      \(state.source.choice?.backend == family.backend ? ", taken for kube-proxy&#39;s" : "")<ul>\(tables)</ul></li>

      """
  }

  /// The first rules of the built-in chains that lead to chains of Kubernetes.
  private func entries(_ content: TableContent) -> Markup {
    var items: [Markup] = []
    for chain in content.chains.prefix(content.builtInCount) {
      for (position, target) in chain.rules.jumps
      where items.count < Self.longest.rules && target.hasPrefix("KUBE-") {
        items.append(rule(chain.rules[position], in: chain.name, at: position))
      }
    }
    return items.isEmpty ? "<li>no rule of a built-in chain</li>" : "\(items)"
  }
}

import Anomalies
import Answers
import Console
import KubeProxy
import Netfilter

/// What must hold of what `check` finds and prints, and the exporter finds from one reading to the next.
enum CheckProperties {
  /// - Parameters:
  ///   - former: the service ports of `old`.
  ///   - map: those of `new`, made from `former`.
  static func check(
    from old: FamilySnapshot, _ former: ServiceMap, to new: FamilySnapshot, _ map: ServiceMap
  ) {
    let mode = KubeProxyMode(of: [new])
    let last = Inspection(of: old, map: former, mode: KubeProxyMode(of: [old]))
    let findings = Inspection(of: new, map: map, mode: mode, previous: last).findings
    let fresh = Inspection(of: new, map: map, mode: mode).findings
    require(
      findings.map(description) == fresh.map(description), "faults don't depend on what was known")
    checkReport(new, mode, fresh)
    checkMigration(new, mode)
  }

  private static func checkMigration(_ snapshot: FamilySnapshot, _ mode: KubeProxyMode) {
    for content in snapshot.tables.map(\.content) {
      for rule in content.foreignRules {
        require(
          content.chains[rule.chain].rules.indices.contains(rule.position),
          "a foreign rule is there")
      }
    }
    let node = LiveNode(kernelRelease: "6.1", evidence: NodeEvidence()) { _ in 1 }
    var report = MigrationReport()
    report.add(Ruleset(name: "rules", families: [snapshot], mode: mode), node: node)
    var text = TerminalWriter(isColoured: false)
    report.write(to: &text)
    require(!PlainText.lines(text.bytes).isEmpty, "something is said of a migration")
    var writer = JSONWriter()
    report.write(to: &writer)
    let findings = JSONReader.read(writer.finish())["sources"].elements[0]["findings"].elements
    require(findings.count == MigrationSubject.allCases.count, "each subject is told once")
  }

  private static func checkReport(
    _ snapshot: FamilySnapshot, _ mode: KubeProxyMode, _ findings: [Finding]
  ) {
    var report = CheckReport()
    report.add([snapshot], of: "rules", mode: mode)
    let isWrong = findings.contains { $0.anomaly.severity != .info }
    require(
      report.exitStatus == (isWrong ? 1 : 0), "the exit status says whether there are any but info")
    var text = TerminalWriter(isColoured: false)
    report.write(to: &text)
    require(!PlainText.lines(text.bytes).isEmpty, "something is said")
    var writer = JSONWriter()
    report.write(to: &writer)
    let readings = JSONReader.read(writer.finish())["readings"].elements
    require(
      readings.map { $0["anomalies"].elements.count } == [findings.count], "JSON has every fault")
  }

  private static func description(_ finding: Finding) -> String {
    let rules = finding.rules.map { "\($0.chain) \($0.position)" }
    let service = finding.servicePort.map { "\($0) \($0.transport)" } ?? "none"
    return "\(finding.anomaly) \(finding.table) \(finding.chains) \(rules) \(service): "
      + finding.detail
  }
}

internal import Anomalies
public import Console
public import KubeProxy
public import Netfilter

/// What the command `check` found: of each family that could be read its faults, and of the others why.
public struct CheckReport {
  /// A family that was read, and its faults.
  fileprivate struct Reading: Sendable {
    /// Where it comes from, such as a file's name.
    let source: String
    let snapshot: FamilySnapshot
    /// kube-proxy's, as the source shows it.
    let mode: KubeProxyMode
    /// Whether the source is the kernel, and not a file.
    let isKernel: Bool
    let servicePorts: Int
    let unnamed: UnnamedChains
    let findings: [Finding]
    /// How many faults are left out: the report is about one service port, and they belong to no single one.
    let sharedFaults: Int
  }

  private let tables: Set<TableName>?
  private let selection: ((ServicePort) -> Bool)?
  private var readings: [Reading] = []
  /// Connections to endpoints that no rule leads to; nil where nobody asked for them.
  public var staleConnections: [StaleConnections.Group]?
  /// Sources that could not be read, or only in part, and why.
  public private(set) var failures: [(source: String, message: String)] = []

  /// - Parameters:
  ///   - tables: those whose faults are asked for; nil for all.
  ///   - selection: the service ports that are asked for; nil for all, and for faults of none.
  public init(tables: Set<TableName>? = nil, selection: ((ServicePort) -> Bool)? = nil) {
    self.tables = tables
    self.selection = selection
  }

  /// Whether there is a service port among those that are asked for.
  public var hasServicePorts: Bool { readings.contains { $0.servicePorts > 0 } }

  /// Inspects the families that were read of a source.
  ///
  /// It looks at all tables that were read, because one shows whether another has faults.
  ///
  /// - Parameters:
  ///   - mode: kube-proxy's, as the source shows it.
  ///   - others: families of the backend that kube-proxy doesn't use, which are not inspected.
  ///   - isKernel: whether the source is the kernel, and not a file.
  public mutating func add(
    _ families: [FamilySnapshot], of source: String, mode: KubeProxyMode,
    beside others: [FamilySnapshot] = [], isKernel: Bool = false
  ) {
    // Where both backends hold a family, the one that kube-proxy doesn't use stands beside the other.
    let ruleset = Ruleset(name: source, families: families, mode: mode, beside: others)
    for snapshot in families {
      let map = FamilySide(snapshot).map
      let isServing = ruleset.family(snapshot.family)?.backend == snapshot.backend
      let findings = Inspection(
        of: snapshot, map: map, mode: mode, beside: isServing ? ruleset.other(snapshot) : nil
      ).findings
      readings.append(
        Reading(
          source: source, snapshot: asked(of: snapshot), mode: mode, isKernel: isKernel,
          servicePorts: map.services.count { selection?($0.port) ?? true }, unnamed: map.unnamed,
          findings: findings.filter(isAsked), sharedFaults: findings.count(where: isShared)))
    }
  }

  private func asked(of snapshot: FamilySnapshot) -> FamilySnapshot {
    guard let tables else { return snapshot }
    return FamilySnapshot(
      backend: snapshot.backend, family: snapshot.family,
      tables: snapshot.tables.filter { tables.contains($0.name) },
      incompatibleTables: snapshot.incompatibleTables.filter { tables.contains($0.key) })
  }

  private func isAsked(_ finding: Finding) -> Bool {
    guard tables?.contains(finding.table) ?? true else { return false }
    guard let selection else { return true }
    return finding.servicePort.map(selection) ?? false
  }

  private func isShared(_ finding: Finding) -> Bool {
    selection != nil && finding.servicePort == nil && finding.anomaly.severity != .info
      && tables?.contains(finding.table) ?? true
  }

  /// Adds that rules of a source could not be read.
  public mutating func addFailure(of source: String, _ message: String) {
    failures.append((source, message))
  }

  /// What the command ends with: 2 where rules could not be read, 1 where there are faults that are not
  /// of the severity ``Anomaly/Severity/info``, else 0.
  public var exitStatus: Int32 {
    if !failures.isEmpty { return 2 }
    if staleConnections?.isEmpty == false { return 1 }
    let findings = readings.lazy.flatMap(\.findings)
    return findings.contains { $0.anomaly.severity != .info } ? 1 : 0
  }
}

extension CheckReport {
  /// Writes the report for people: kube-proxy's mode, should it not be iptables; the faults by kind, each
  /// with its rules, then why it matters and what to do.
  ///
  /// Of a source that was read in part it is not known what its other rules show: nothing is said of its
  /// mode, nor of a family without rules.
  public func write(to text: inout TerminalWriter) {
    let incomplete = Set(failures.map(\.source))
    let readings = readings.filter {
      $0.snapshot.ruleCount > 0 || !$0.findings.isEmpty || !incomplete.contains($0.source)
    }
    var last: Reading?
    for reading in readings {
      if let last, !last.findings.isEmpty { text.endLine() }
      if last?.source != reading.source, !incomplete.contains(reading.source) {
        text.notice(reading.mode, of: reading.source, isKernel: reading.isKernel)
      }
      reading.write(to: &text)
      last = reading
    }
    if let staleConnections {
      if last != nil { text.endLine() }
      staleConnections.write(to: &text, advises: true)
    }
  }
}

extension CheckReport.Reading {
  /// The most faults of a kind that are shown, and the most rules of a fault.
  private static let longest = (findings: 20, rules: 10)

  fileprivate func write(to text: inout TerminalWriter) {
    text.write("\(source), \(snapshot.family.rawValue) (\(snapshot.backend.rawValue)): ", .strong)
    text.write(count, findings.isEmpty ? .good : .bad)
    let services = Wording.count(servicePorts, "service port")
    text.line(" in \(Wording.count(snapshot.ruleCount, "rule")), \(services)")
    if let notice = unnamed.notice { text.line("  \(notice)", .notable) }
    if sharedFaults > 0 {
      let verb = sharedFaults == 1 ? "is" : "are"
      text.line(
        "  \(Wording.count(sharedFaults, "fault")) of no single service port \(verb) not listed: "
          + "leave out --service to see \(sharedFaults == 1 ? "it" : "them")", .notable)
    }
    for anomaly in Anomaly.allCases {
      let some = findings.filter { $0.anomaly == anomaly }
      if !some.isEmpty { write(anomaly, some, to: &text) }
    }
  }

  /// How many faults there are, and how many of them are no more than information.
  private var count: String {
    if findings.isEmpty { return "no faults" }
    let infos = findings.count { $0.anomaly.severity == .info }
    return Wording.count(findings.count, "fault")
      + (infos == 0 ? "" : infos == findings.count ? " (info)" : " (\(infos) info)")
  }

  private func write(_ anomaly: Anomaly, _ findings: [Finding], to text: inout TerminalWriter) {
    text.endLine()
    text.write(anomaly.rawValue, anomaly.severity == .info ? .notable : .bad)
    if anomaly.severity == .info { text.write(" (info)", .faint) }
    text.line(": \(anomaly.title)", .strong)
    for finding in findings.prefix(Self.longest.findings) { write(finding, to: &text) }
    let left = findings.count - Self.longest.findings
    if left > 0 { text.line("  … and \(left) more; --format json has them all", .faint) }
    text.explain(reason: anomaly.reason, advice: anomaly.advice)
  }

  private func write(_ finding: Finding, to text: inout TerminalWriter) {
    text.write("  " + finding.table.rawValue)
    if let port = finding.servicePort {
      text.write(", service port ")
      text.write("\(port)", .strong)
      text.write(" (\(port.transport.rawValue))")
    }
    text.line(": \(finding.detail)")
    for place in finding.rules.prefix(Self.longest.rules) {
      text.rule(place.rule, in: place.chain, at: place.position)
    }
    let left = finding.rules.count - Self.longest.rules
    if left > 0 { text.line("    … and \(left) more rules", .faint) }
  }
}

extension CheckReport {
  /// Writes the report for machines, as Documentation/answers.md describes it.
  public func write(to json: inout JSONWriter) {
    json.answer { json in
      json.member("readings", objects: readings) { $0.write(to: &$1) }
      staleConnections?.writeMember(to: &json)
      json.member(failures: failures)
    }
  }
}

extension CheckReport.Reading {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("source", .string(source))
    json.member("backend", .string(snapshot.backend.rawValue))
    json.member("ip_family", .string(snapshot.family.rawValue))
    json.member("mode", .string(mode.rawValue))
    json.member("tables", elements: snapshot.tables.map { .string($0.name.rawValue) })
    json.member("rule_count", .integer(snapshot.ruleCount))
    json.member("service_port_count", .integer(servicePorts))
    json.member("unnamed_chains", unnamed.parts)
    json.member("anomalies", objects: findings) { $0.write(to: &$1) }
  }
}

extension Finding {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("anomaly", .string(anomaly.rawValue))
    json.member("severity", .string(anomaly.severity.rawValue))
    json.member("table", .string(table.rawValue))
    json.member("chains", elements: chains.map { .text($0.bytes) })
    json.member("service", strings: servicePort?.parts)
    json.member("detail", .string(detail))
    json.member("consequences", .integer(consequences))
    json.member("rules", objects: rules) { place, json in
      json.members(of: place.rule, in: place.chain, at: place.position)
    }
    json.member("title", .string(anomaly.title))
    json.member("reason", .string(anomaly.reason))
    json.member("advice", .string(anomaly.advice))
  }
}

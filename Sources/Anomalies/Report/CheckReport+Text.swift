public import Console
internal import KubeProxy
internal import Netfilter

extension CheckReport {
  /// For people: kube-proxy's mode, should it not be iptables; the faults by kind, each with its rules,
  /// then why it matters and what to do.
  ///
  /// Of a source that was read in part it is not known what its other rules show: nothing is said of its
  /// mode, nor of a family without rules.
  public func write(to text: inout TerminalWriter) {
    let incomplete = Set(failures.map(\.source))
    let readings = readings.filter {
      $0.ruleCount > 0 || !$0.findings.isEmpty || !incomplete.contains($0.source)
    }
    for (index, reading) in readings.enumerated() {
      if index > 0, !readings[index - 1].findings.isEmpty { text.endLine() }
      if index == 0 || readings[index - 1].source != reading.source,
        !incomplete.contains(reading.source),
        let notice = reading.mode.notice(ofKernel: reading.isKernel)
      {
        text.write("\(reading.source): ", .strong)
        text.line(notice, reading.mode.servesElsewhere ? .notable : .faint)
      }
      reading.write(to: &text)
    }
  }
}

extension CheckReport.Reading {
  /// Of a kind no more faults are told than this, and of a fault no more rules.
  private static let longest = (findings: 20, rules: 10)

  fileprivate func write(to text: inout TerminalWriter) {
    let rules = ruleCount == 1 ? "1 rule" : "\(ruleCount) rules"
    let ports = servicePorts == 1 ? "1 service port" : "\(servicePorts) service ports"
    text.write("\(source), \(snapshot.family.rawValue) (\(snapshot.backend.rawValue)): ", .strong)
    text.write(count, findings.isEmpty ? .good : .bad)
    text.line(" in \(rules), \(ports)")
    if let notice = unnamed.notice { text.line("  \(notice)", .notable) }
    for anomaly in Anomaly.allCases {
      let some = findings.filter { $0.anomaly == anomaly }
      if !some.isEmpty { write(anomaly, some, to: &text) }
    }
  }

  /// How many faults there are, and how many of them are no more than information.
  private var count: String {
    if findings.isEmpty { return "no faults" }
    let infos = findings.count { $0.anomaly.severity == .info }
    return (findings.count == 1 ? "1 fault" : "\(findings.count) faults")
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
    write("Why it matters: ", anomaly.reason, to: &text)
    write("What to do: ", anomaly.advice, to: &text)
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
      text.write("    ")
      text.write(place.rule.bytes(in: place.chain))
      text.line("  (rule \(place.position + 1))", .faint)
    }
    let left = finding.rules.count - Self.longest.rules
    if left > 0 { text.line("    … and \(left) more rules", .faint) }
  }

  /// Writes a paragraph in lines of at most 100 characters.
  private func write(_ head: String, _ paragraph: String, to text: inout TerminalWriter) {
    text.write("  " + head, .strong)
    var column = 2 + head.count
    for (index, word) in paragraph.split(separator: " ").enumerated() {
      if index > 0, column + 1 + word.count > 100 {
        text.endLine()
        text.write("   ")
        column = 3
      } else if index == 0 {
        column -= 1
      }
      text.write((index > 0 ? " " : "") + word)
      column += 1 + word.count
    }
    text.endLine()
  }
}

public import Console
internal import KubeProxy
internal import Netfilter

/// What the command `migrate` found: of each source what stands between it and kube-proxy's nftables mode.
public struct MigrationReport: Sendable {
  private struct Node: Sendable {
    let source: MigrationSource
    let findings: [MigrationFinding]

    func count(_ status: MigrationFinding.Status) -> Int {
      findings.count { $0.status == status }
    }

    /// Writes the findings, the gravest first. What is well is no more than named, and so is what can't be
    /// known of a file, or in another mode.
    func writeFindings(to text: inout TerminalWriter) {
      let sorted = MigrationFinding.Status.allCases.flatMap { status in
        findings.filter { $0.status == status }
      }
      var isBehindParagraph = true
      for finding in sorted {
        let isNamedOnly =
          finding.status == .ok
          || finding.status == .unknown && (source.node == nil || source.mode != .iptables)
        if isBehindParagraph || !isNamedOnly { text.endLine() }
        finding.write(to: &text, isNamedOnly: isNamedOnly)
        isBehindParagraph = !isNamedOnly
      }
    }
  }

  private var nodes: [Node] = []
  /// Sources that could not be read, and why.
  public private(set) var failures: [(source: String, message: String)] = []

  public init() {}

  /// Examines a rule set.
  ///
  /// - Parameter node: What only a live node shows; nil for a file.
  public mutating func add(_ ruleset: Ruleset, node: LiveNode? = nil) {
    let source = MigrationSource(ruleset: ruleset, node: node)
    nodes.append(Node(source: source, findings: source.examine()))
  }

  /// Adds that a source could not be read.
  public mutating func addFailure(of source: String, _ message: String) {
    failures.append((source, message))
  }

  /// What was found, source by source, in the order of the subjects.
  public var findings: [[MigrationFinding]] { nodes.map(\.findings) }

  /// What the command ends with: 2 where rules could not be read, 1 where something blocks, else 0.
  public var exitStatus: Int32 {
    if !failures.isEmpty { return 2 }
    return findings.joined().contains { $0.status == .blocks } ? 1 : 0
  }
}

extension MigrationReport {
  /// Writes the report for people: the gravest first, each with its rules, why it matters and what to do;
  /// at last what is well, in a line each.
  public func write(to text: inout TerminalWriter) {
    for (index, node) in nodes.enumerated() {
      if index > 0 { text.endLine() }
      text.write("\(node.source.ruleset.name): ", .strong)
      let blocking = node.count(.blocks)
      let things = "\(Wording.count(blocking, "thing")) stand\(blocking == 1 ? "s" : "")"
      text.write(
        (blocking == 0 ? "nothing is known to stand" : things)
          + " between this node and kube-proxy's nftables mode", blocking == 0 ? .good : .bad)
      let rest = Wording.counts([
        (node.count(.look), "to look at"), (node.count(.unknown), "unknown"),
        (node.count(.ok), "ok"),
      ])
      text.line(rest.isEmpty ? "" : "; \(rest)")
      node.writeFindings(to: &text)
    }
  }

  /// Writes the report for machines, as Documentation/answers.md describes it.
  public func write(to json: inout JSONWriter) {
    json.answer { json in
      json.member("sources", objects: nodes) { node, json in
        json.member("source", .string(node.source.ruleset.name))
        json.member("mode", .string(node.source.mode.rawValue))
        json.member("blocking", .integer(node.count(.blocks)))
        json.member("findings", objects: node.findings) { $0.write(to: &$1) }
      }
      json.member(failures: failures)
    }
  }
}

extension MigrationFinding {
  private static let mostRules = 10

  fileprivate func write(to text: inout TerminalWriter, isNamedOnly: Bool) {
    text.write(status.rawValue, status.emphasis)
    text.write(" \(subject.rawValue): ", .strong)
    text.line(details.first ?? "")
    for detail in details.dropFirst() { text.line("  \(detail)") }
    if isNamedOnly { return }
    for rule in rules.prefix(Self.mostRules) {
      let table = "\(rule.content.name.rawValue)\(Wording.suffix(rule.content.family)), "
      text.rule(rule.rule, in: rule.chain, at: rule.position, place: table)
    }
    let left = rules.count - Self.mostRules
    if left > 0 { text.line("    … and \(left) more; --format json has them all", .faint) }
    text.explain(reason: subject.reason, advice: subject.advice)
  }

  fileprivate func write(to json: inout JSONWriter) {
    json.member("subject", .string(subject.rawValue))
    json.member("status", .string(status.rawValue))
    json.member("details", elements: details.map { .string($0) })
    json.member("rules", objects: rules) { rule, json in
      json.member("backend", .string(rule.backend.rawValue))
      json.member("ip_family", .string(rule.content.family.rawValue))
      json.member("table", .string(rule.content.name.rawValue))
      json.members(of: rule.rule, in: rule.chain, at: rule.position)
    }
    json.member("reason", .string(subject.reason))
    json.member("advice", .string(subject.advice))
  }
}

extension MigrationFinding.Status {
  fileprivate var emphasis: TerminalWriter.Emphasis {
    switch self {
    case .blocks: .bad
    case .look, .unknown: .notable
    case .ok: .good
    }
  }
}

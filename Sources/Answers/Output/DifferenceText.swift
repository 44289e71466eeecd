public import Console
internal import KubeProxy
internal import Netfilter

extension RulesetDifference {
  /// So many sentences of one kind are written; the rest is counted.
  private static let sentencesOfAKind = 10

  /// Writes for people what the difference means, then every rule, chain and policy that differs.
  ///
  /// - Parameter isShort: whether the rules are left out, and only counted.
  public func write(to writer: inout TerminalWriter, isShort: Bool = false) {
    writer.line("--- \(old.name)", .faint)
    writer.line("+++ \(new.name)", .faint)
    for line in modes { writer.line(line, .notable) }
    writer.endLine()
    writeSummary(to: &writer)
    if isShort {
      if !isEmpty { writer.line("in all: \(counts.words)", .faint) }
      return
    }
    for group in groups {
      writer.endLine()
      write(group, to: &writer)
    }
  }

  /// Where kube-proxy is in a mode in which other rules than these serve; once where both sides are alike.
  private var modes: [String] {
    let lines = [old, new].compactMap { side -> String? in
      guard side.mode.servesElsewhere, let notice = side.mode.notice(ofKernel: side.isKernel)
      else { return nil }
      return "\(side.name): \(notice)"
    }
    return lines.first == lines.last ? Array(lines.prefix(1)) : lines
  }

  private func writeSummary(to writer: inout TerminalWriter) {
    for kind in DifferenceFinding.Kind.allCases {
      let findings = findings.filter { $0.kind == kind }
      for finding in findings.prefix(Self.sentencesOfAKind) {
        writer.line(finding.text, finding.impact == .none ? .plain : .strong)
      }
      if findings.count > Self.sentencesOfAKind {
        writer.line("… and \(findings.count - Self.sentencesOfAKind) more like these")
      }
    }
    for note in notes { writer.line(note, .faint) }
  }

  private var notes: [String] {
    let missing = Dictionary(grouping: notCompared) { $0.missing }
    let tables = [(UncomparedTable.Side.old, new), (.new, old)].compactMap { side, holder in
      missing[side].map { tables in
        let names = tables.map { "\($0.table.rawValue)\(Wording.suffix($0.family))" }
        return "not compared: \(names.joined(separator: ", ")), only in \(holder.name)"
      }
    }
    let families = [old, new].flatMap { side in
      side.leftOut.map { family in
        "not compared: the \(family.family.rawValue) rules of \(family.backend.rawValue), which "
          + "\(side.name) holds too"
      }
    }
    return tables + families
  }

  private func write(_ group: ChangeGroup, to writer: inout TerminalWriter) {
    var counts = DifferenceCounts()
    for change in group.changes { counts.add(change.event) }
    writer.write(group.owner.title, .strong)
    writer.line(": \(counts.words)")
    var rest = group.changes[...]
    while let first = rest.first {
      let changes = rest.prefix { $0.table == first.table && $0.family == first.family }
      rest = rest.dropFirst(changes.count)
      writer.line("  \(first.table.rawValue)\(Wording.suffix(first.family))")
      let width = changes.reduce(0) { max($0, $1.event.position.utf8.count) }
      for change in changes { write(change, width, to: &writer) }
    }
  }

  private func write(_ change: RulesetChange, _ width: Int, to writer: inout TerminalWriter) {
    let position = change.event.position
    let form = change.event.form
    let padding = String(repeating: " ", count: width - position.utf8.count)
    writer.write("    \(form.sign) ", form.look)
    writer.write("\(padding)\(position)\(width > 0 ? "  " : "")", .faint)
    writer.write(change.text, form.look)
    if case .policyChanged(let old, _) = change.event {
      writer.write("  (was \(old.name))", .faint)
    }
    writer.endLine()
  }
}

extension ChangeGroup.Owner {
  fileprivate var title: String {
    switch self {
    case .servicePort(let port): "\(port) \(port.transport.rawValue)"
    case .nobody(.hook, _): "built-in chains"
    case .nobody(.dispatch, _): "KUBE-SERVICES and its like, rules of no service"
    case .nobody(.service, _): "service chains of no known service"
    case .nobody(.system, _): "Kubernetes' other chains"
    case .nobody(.other, let kind): "\(Wording.owner(kind)) chains and rules"
    }
  }
}

extension RulesetChange.Event {
  /// Its name in JSON, the sign and look of its line, and where the rule stood and stands.
  var form: (name: String, sign: String, look: TerminalWriter.Emphasis, from: Int?, to: Int?) {
    switch self {
    case .chainAdded: ("chain_added", "+", .good, nil, nil)
    case .chainRemoved: ("chain_removed", "-", .bad, nil, nil)
    case .policyChanged: ("policy_changed", "!", .notable, nil, nil)
    case .ruleAdded(let position): ("added", "+", .good, nil, position)
    case .ruleRemoved(let position): ("removed", "-", .bad, position, nil)
    case .ruleMoved(let old, let new): ("moved", "~", .notable, old, new)
    case .ruleRewritten(let old, let new): ("rewritten", "=", .plain, old, new)
    }
  }

  /// Where the rule stands, `3`, or stood and stands, `3 -> 7`; nothing for what is no rule.
  fileprivate var position: String {
    if case .ruleRewritten(let old, let new) = self, old == new { return "\(new)" }
    return [form.from, form.to].compactMap { $0.map(String.init) }.joined(separator: " -> ")
  }
}

/// What several answers write for people.
extension TerminalWriter {
  /// Writes what to know of a rule set where kube-proxy is not in iptables mode.
  mutating func notice(_ mode: KubeProxyMode, of ruleset: String, isKernel: Bool) {
    guard let notice = mode.notice(ofKernel: isKernel) else { return }
    write("\(ruleset): ", .strong)
    line(notice, mode.servesElsewhere ? .notable : .faint)
  }

  /// Writes a rule on a line of its own, and where it stands: `-A KUBE-FORWARD …  (rule 3)`.
  ///
  /// - Parameter place: What comes before the rule's position.
  mutating func rule(
    _ rule: Rule, in chain: ChainName, at position: Int, place: String = ""
  ) {
    write("    ")
    write(rule.bytes(in: chain))
    line("  (\(place)rule \(position + 1))", .faint)
  }

  /// Writes why something matters and what to do about it, in lines of at most 100 characters.
  mutating func explain(reason: String, advice: String) {
    paragraph("Why it matters: ", reason)
    paragraph("What to do: ", advice)
  }

  private mutating func paragraph(_ head: String, _ paragraph: String) {
    write("  " + head, .strong)
    var column = 1 + head.count
    for (index, word) in paragraph.split(separator: " ").enumerated() {
      if index > 0, column + 1 + word.count > 100 {
        endLine()
        write("   ")
        column = 3
      }
      write((index > 0 ? " " : "") + word)
      column += 1 + word.count
    }
    endLine()
  }
}

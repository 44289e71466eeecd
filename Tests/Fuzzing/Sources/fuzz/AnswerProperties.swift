import Answers
import Console
import KubeProxy
import Netfilter

/// What must hold of what `diff` and `show` print, whatever the rules are.
enum AnswerProperties {
  static func check(from old: Ruleset, to new: Ruleset) {
    let forth = RulesetDifference(from: old, to: new)
    let back = RulesetDifference(from: new, to: old)
    check(forth, old, new)
    check(back, new, old)
    require(forth.isEmpty == back.isEmpty, "what differs does so in both directions")
    require(forth.comparedTables == back.comparedTables, "and the same is compared")
    for ruleset in [old, new] {
      checkNothing(ruleset)
      check(ServiceList(of: ruleset), ruleset.mode)
      checkExplanations(ruleset)
    }
    checkSelection(forth, old, new)
  }

  /// Of a packet to the node, one of the node's, and one of a pod's to the first service port.
  private static func checkExplanations(_ ruleset: Ruleset) {
    let service = ServiceList(of: ruleset).services.first.map { "\($0.port)" }
    for (source, destination) in [
      (PacketSource.outside, "NODE:80"), (.node, "[fd00::a]/icmp"), (.pod, service ?? "10.0.0.1:1"),
    ] {
      let question = PacketQuestion(from: source, to: PacketDestination(destination))
      guard let explanation = try? Explanation(question, in: ruleset) else { continue }
      let lines = PlainText.lines(text { explanation.write(to: &$0, showsAll: true) })
      require(lines.first.map { !$0.isEmpty } ?? false, "an explanation begins with the answer")
      let document = json { explanation.write(to: &$0) }
      let isDelivered = if case .string("delivered") = document["verdict"] { true } else { false }
      require(isDelivered == (explanation.exitStatus == 0), "the exit status is the verdict's")
    }
  }

  /// Of a rule set and itself.
  private static func checkNothing(_ ruleset: Ruleset) {
    let difference = RulesetDifference(from: ruleset, to: ruleset)
    require(difference.isEmpty && difference.groups.isEmpty, "nothing differs from itself")
    require(difference.findings.map(\.kind) == [.nothing], "which is all there is to say")
    check(difference, ruleset, ruleset)
  }

  private static func check(_ difference: RulesetDifference, _ old: Ruleset, _ new: Ruleset) {
    let changes = difference.groups.flatMap(\.changes)
    let counts = difference.counts
    require(
      counts.rulesAdded + counts.rulesRemoved + counts.rulesMoved + counts.rulesRewritten
        + counts.chainsAdded + counts.chainsRemoved + counts.policiesChanged == changes.count,
      "every change is counted once")
    require(difference.isEmpty == changes.isEmpty, "it is empty without changes")
    checkSummary(difference)
    if difference.notCompared.isEmpty {
      require(
        rules(old) - counts.rulesRemoved + counts.rulesAdded == rules(new),
        "the numbers of rules add up")
    }
    let lines = PlainText.lines(
      text { difference.write(to: &$0) })
    require(
      lines.count { $0.starts(with: "    ".utf8) } == changes.count, "each change has its line")
    let document = json { difference.write(to: &$0) }
    require(document["differs"].flag == !difference.isEmpty, "JSON says whether anything differs")
    require(
      document["groups"].elements.reduce(0) { $0 + $1["changes"].elements.count } == changes.count,
      "JSON has every change")
    require(
      document["summary"].elements.count == difference.findings.count, "JSON has every sentence")
  }

  private static func checkSummary(_ difference: RulesetDifference) {
    let kinds = difference.findings.map(\.kind)
    require(!kinds.isEmpty, "there always is something to say")
    require(
      kinds.contains(.nothing) == difference.isEmpty, "and it is nothing where nothing differs")
  }

  /// A part of the service ports has a part of the changes.
  private static func checkSelection(
    _ whole: RulesetDifference, _ old: Ruleset, _ new: Ruleset
  ) {
    let parts = [true, false].map { isEven in
      RulesetDifference(from: old, to: new) { ($0.name.utf8.count % 2 == 0) == isEven }
    }
    let owned = whole.groups.filter { group in
      if case .servicePort = group.owner { true } else { false }
    }
    require(
      parts.flatMap(\.groups).reduce(0) { $0 + $1.changes.count }
        == owned.reduce(0) { $0 + $1.changes.count },
      "each service port's changes are shown to those who ask for it")
    for part in parts { check(part, to: new, from: old) }
  }

  private static func check(_ part: RulesetDifference, to new: Ruleset, from old: Ruleset) {
    checkSummary(part)
    PlainText.check(text { part.write(to: &$0) })
    _ = json { part.write(to: &$0) }
  }

  private static func check(_ list: ServiceList, _ mode: KubeProxyMode) {
    let table = PlainText.lines(text { list.writeTable(to: &$0) })
    let notices = [mode.notice(ofKernel: false), list.unnamed.notice].compactMap(\.self)
    require(
      table.count == 1 + list.services.count + notices.count,
      "each service port has its line in the table")
    let tree = PlainText.lines(text { list.writeTree(to: &$0) })
    require(tree.count > 2 * list.services.count, "and more than that in the tree")
    let document = json { list.write(to: &$0) }
    let services = document["services"].elements
    require(services.count == list.services.count, "JSON has every service port")
    for (service, report) in zip(services, list.services) {
      require(
        service["nat_rules"].number == Double(report.natRules), "JSON counts its rules in nat")
    }
  }

  private static func rules(_ ruleset: Ruleset) -> Int {
    ruleset.families.flatMap(\.tables).reduce(0) { $0 + $1.content.ruleCount }
  }

  private static func text(_ write: (inout TerminalWriter) -> Void) -> [UInt8] {
    var writer = TerminalWriter(isColoured: false)
    write(&writer)
    return writer.bytes
  }

  private static func json(_ write: (inout JSONWriter) -> Void) -> JSONReader.Value {
    var writer = JSONWriter()
    write(&writer)
    return JSONReader.read(writer.finish())
  }
}

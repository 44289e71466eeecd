public import Console
internal import KubeProxy
internal import Netfilter
internal import PacketWalk

extension Explanation {
  /// So many rules that one rule leads to are written; the rest is counted.
  private static let longest = 20

  /// Writes for people the answer, then the way to it.
  ///
  /// - Parameter showsAll: whether the rules that did not match are written too, and of those that matched
  ///   all.
  public func write(to text: inout TerminalWriter, showsAll: Bool = false) {
    let look: TerminalWriter.Emphasis =
      switch verdict {
      case .delivered: .good
      case .notDelivered: .bad
      case .depends: .notable
      }
    text.line(answer, look)
    if let hint { text.line("  \(hint)", .notable) }
    for assumption in assumptions { text.line("  assumed: \(assumption)", .faint) }
    if ruleset.mode.servesElsewhere {
      text.notice(ruleset.mode, of: ruleset.name, isKernel: ruleset.isKernel)
    }
    text.endLine()
    text.line(journey, .faint)
    var owner: String?
    var isAnyShown = false
    for stage in way.stages where showsAll || stage.matched > 0 || stage.policy == .drop {
      isAnyShown = true
      text.line("\(stage.hook.rawValue), \(stage.table.rawValue)", .strong)
      write(stage, &owner, showsAll, to: &text)
    }
    let hidden = way.stages.filter { $0.matched == 0 && $0.policy != .drop }
    if hidden.isEmpty || showsAll { return }
    let names = hidden.map { "\($0.hook.rawValue) (\($0.table.rawValue))" }
    text.line(
      "\(isAnyShown ? "elsewhere no rule matched" : "no rule matched"): "
        + names.joined(separator: ", "), .faint)
  }

  /// `tcp from 10.244.1.7 to 10.96.0.10:53, as it comes in`.
  private var journey: String {
    let origin = resolved.origin == .node ? ", sent by the node" : ""
    let input = resolved.input.map { ", in by \($0)" } ?? ""
    return "\(resolved.transport.rawValue) from \(resolved.packet.source) to \(resolved.socket)"
      + "\(origin)\(input), \(ruleset.name)\(Wording.suffix(resolved.family))"
  }

  private func write(
    _ stage: PacketWay.Stage, _ owner: inout String?, _ showsAll: Bool,
    to text: inout TerminalWriter
  ) {
    /// For each depth, how many rules were written since the last rule of a lower depth.
    var counts: [Int] = []
    var (hidden, hiddenBelow) = (0, Int.max)
    for passage in stage.passages where showsAll || passage.step.match != .no {
      let depth = passage.step.depth
      if depth > hiddenBelow { continue }
      hiddenBelow = .max
      if counts.count > depth + 1 { counts.removeLast(counts.count - depth - 1) }
      while counts.count <= depth { counts.append(0) }
      counts[depth] += 1
      if showsAll || counts[depth] <= Self.longest {
        write(passage, &owner, to: &text)
      } else {
        hidden += 1
        hiddenBelow = depth
      }
    }
    if hidden > 0 { text.line("  … and \(hidden) more rules that matched (--all)", .faint) }
    let policy = stage.policy.map { "the policy \($0 == .drop ? "drops" : "accepts") what is left" }
    let passedOver =
      stage.passedOver == 0 || showsAll
      ? nil : "\(Wording.count(stage.passedOver, "rule")) passed over"
    let words = [passedOver, policy].compactMap(\.self).joined(separator: "; ")
    if !words.isEmpty { text.line("  \(words)", stage.policy == .drop ? .bad : .faint) }
  }

  private func write(
    _ passage: PacketWay.Passage, _ last: inout String?, to text: inout TerminalWriter
  ) {
    let step = passage.step
    guard let (rule, chain) = resolved.side.rule(step.rule) else { return }
    let isMatched = step.match != .no
    text.write(String(repeating: "  ", count: step.depth + 1))
    text.write(rule.bytes(in: chain.name), isMatched ? .plain : .faint)
    let owner = isMatched ? way.owner(step.rule) : nil
    let changed = owner.flatMap { $0 == last ? nil : ", \($0)" } ?? ""
    if let owner { last = owner }
    text.write("  (rule \(step.rule.position + 1)\(changed))", .faint)
    guard isMatched else {
      text.endLine()
      return
    }
    if let deed = way.deed(step.rule) {
      let isBad = deed == "drops" || deed == "rejects"
      text.write("  \(deed)", isBad ? .bad : .good)
    }
    if let share = passage.share, share < 0.9995 {
      text.write(" (\(Wording.percent(share)))", .good)
    } else if step.match == .sometimes, passage.share == nil, !rule.isByChance {
      text.write(passage.decides ? "  may match: it decides" : "  may match", .notable)
    }
    text.endLine()
  }
}

extension Rule {
  /// Whether `-m statistic` decides, whose odds stand in the rule.
  fileprivate var isByChance: Bool {
    contains { element, line, _ in
      element.kind == .match && line.isText("statistic", element.name)
    }
  }
}

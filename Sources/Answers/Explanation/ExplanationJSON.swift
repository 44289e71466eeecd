public import Console
internal import KubeProxy
internal import Netfilter
internal import PacketWalk

extension Explanation {
  /// Writes the explanation for machines, as Documentation/answers.md describes it.
  ///
  /// - Parameter showsAll: whether the rules that did not match are written too.
  public func write(to json: inout JSONWriter, showsAll: Bool = false) {
    json.answer { json in
      json.member("source", .string(ruleset.name))
      json.member("mode", .string(ruleset.mode.rawValue))
      json.member("backend", .string(resolved.side.snapshot.backend.rawValue))
      json.member("ip_family", .string(resolved.family.rawValue))
      json.member("packet", object: writePacket)
      json.member("assumptions", elements: assumptions.map { .string($0) })
      json.member("verdict", .string(verdict.rawValue))
      json.member("answer", .string(answer))
      json.member("service", strings: servicePort?.parts)
      json.member("session_affinity", .flag(hasAffinity))
      json.member("depends_on", objects: ends.undecided) { writePlace($0, to: &$1) }
      json.member("outcomes", objects: possibleFates) { write($0, to: &$1) }
      json.member("stages", objects: way.stages) { write($0, showsAll, to: &$1) }
    }
  }

  /// All ends that there may be, those first that are taken for granted.
  private var possibleFates: [PacketEnds.Fate] {
    alternatives.reduce(into: ends.fates) { fates, alternative in
      for fate in alternative.ends.fates where !fates.contains(where: { $0.isSame(as: fate) }) {
        fates.append(fate)
      }
    }
  }

  private func writePacket(to json: inout JSONWriter) {
    let packet = resolved.packet
    json.member("source", .string("\(packet.source)"))
    json.member("destination", .string("\(packet.destination)"))
    json.member("port", packet.destinationPort.map { .integer(Int($0)) } ?? .null)
    json.member("protocol", .string(resolved.transport.rawValue))
    json.member("from_node", .flag(resolved.origin == .node))
    json.member("in", resolved.input.map { .string($0) } ?? .null)
  }

  private func write(_ fate: PacketEnds.Fate, to json: inout JSONWriter) {
    json.member("end", .string(fate.isLost ? "lost" : fate.end.word))
    json.member("share", .number(fate.share))
    json.member("certain", .flag(fate.isCertain && alternatives.isEmpty))
    json.member("destination", .string("\(fate.destination.address)"))
    json.member("port", fate.destination.port.map { .integer(Int($0)) } ?? .null)
    json.member("service", strings: fate.translation.flatMap(owner)?.parts)
    json.member("stopped_by", place: fate.end.rule, writePlace)
    if case .droppedByPolicy(let table, let chain) = fate.end {
      json.member("policy_of") { json in
        json.member("table", .string(table.rawValue))
        json.member("chain", .text(resolved.side.chain(table, chain)?.name.bytes ?? []))
      }
    } else {
      json.member("policy_of", .null)
    }
    json.member("translated_by", place: fate.translation, writePlace)
    json.member("source_rewritten_by", objects: fate.rewriting) { writePlace($0, to: &$1) }
    json.member("source_kept", .flag(fate.isSourceKept))
  }

  /// Writes where a rule stands, and its text.
  private func writePlace(_ rule: RuleAddress, to json: inout JSONWriter) {
    json.member("table", .string(rule.table.rawValue))
    guard let (text, chain) = resolved.side.rule(rule) else { return }
    json.members(of: text, in: chain.name, at: rule.position)
  }

  private func write(_ stage: PacketWay.Stage, _ showsAll: Bool, to json: inout JSONWriter) {
    json.member("hook", .string(stage.hook.rawValue))
    json.member("table", .string(stage.table.rawValue))
    let passages = stage.passages.filter { showsAll || $0.step.match != .no }
    json.member("rules", objects: passages) { passage, json in
      let step = passage.step
      guard let (text, chain) = resolved.side.rule(step.rule) else { return }
      json.members(of: text, in: chain.name, at: step.rule.position)
      json.member("depth", .integer(step.depth))
      json.member("match", .string(step.match.word))
      json.member("decides", .flag(passage.decides))
      json.member("share", passage.share.map { .number($0) } ?? .null)
      json.member("service", strings: owner(step.rule)?.parts)
      json.member("kind", .string(ChainKind.of(chain)))
    }
    json.member("passed_over", .integer(stage.passedOver))
    json.member("policy", stage.policy.map { .string($0.name) } ?? .null)
  }
}

extension JSONWriter {
  fileprivate mutating func member(
    _ name: String, place rule: RuleAddress?, _ write: (RuleAddress, inout JSONWriter) -> Void
  ) {
    guard let rule else { return member(name, .null) }
    member(name, object: { write(rule, &$0) })
  }
}

extension WalkStep.StepMatch {
  fileprivate var word: String {
    switch self {
    case .no: "no"
    case .yes: "yes"
    case .sometimes: "sometimes"
    }
  }
}

extension WalkEnd {
  /// As the JSON has it.
  fileprivate var word: String {
    switch self {
    case .deliveredHere: "delivered_here"
    case .sent: "sent"
    case .dropped: "dropped"
    case .rejected: "rejected"
    case .droppedByPolicy: "dropped_by_policy"
    case .undetermined: "undetermined"
    case .loop: "loop"
    case .tooLong: "too_long"
    }
  }
}

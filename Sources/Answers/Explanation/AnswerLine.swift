internal import KubeProxy
internal import Netfilter
internal import PacketWalk

extension Explanation {
  /// The answer in one line: `default/web:http: one of 2 endpoints, 10.244.1.9:8080 (50%) or 10.244.2.4:8080
  /// (50%); source rewritten, by KUBE-POSTROUTING rule 3`.
  public var answer: String {
    let subject = servicePort.map { "\($0)" } ?? resolved.destination
    guard let other = alternatives.first else { return "\(subject): \(endWords)" }
    let addresses = alternatives.map { "\($0.address)" }
    let isIt = addresses.count == 1 ? "it" : addresses[0]
    return
      "\(subject): depends on whether \(Wording.list(addresses)) is the node's own address: if not, "
      + "\(endWords); if \(isIt) is, \(supposing(other).endWords)"
  }

  /// How packets end.
  private var endWords: String {
    let stopped = ends.fates.filter { !$0.isDelivered }
    let delivered = ends.delivered
    if stopped.isEmpty { return deliveredWords }
    if delivered.isEmpty, ends.verdict != .depends {
      return stoppedWords(stopped, showsShares: stopped.count > 1)
    }
    if ends.verdict == .depends {
      let ways = [delivered.isEmpty ? "" : deliveredWords, stoppedWords(stopped)]
        .filter { !$0.isEmpty }.joined(separator: "; or ")
      return "depends on \(conditions(ends.undecided)): \(ways)"
    }
    return "not always delivered: \(stoppedWords(stopped, showsShares: true)); else "
      + deliveredWords
  }

  /// Where packets are delivered, and whether their source is rewritten.
  private var deliveredWords: String {
    var destinations: Set<SocketAddress> = []
    let fates = ends.delivered.filter { destinations.insert($0.destination).inserted }
    let translated = fates.filter { $0.translation != nil }
    var words = translated.isEmpty ? "" : translatedWords(translated)
    if hasAffinity, translated.count > 1 { words += ", or the one that the client had before" }
    if let other = fates.first(where: { $0.translation == nil }) {
      words +=
        words.isEmpty
        ? "not translated: \(untranslatedWords(other)); \(self.words(of: other.end))"
        : ", or not translated, and \(self.words(of: other.end))"
    }
    if !Set(ends.undecidedDestination).isSubset(of: ends.undecided) {
      words += ", which depends on \(conditions(ends.undecidedDestination))"
    }
    return "\(words); \(sourceWords)"
  }

  /// Why nat doesn't translate packets that nobody expects it to.
  private func untranslatedWords(_ fate: PacketEnds.Fate) -> String {
    if let rule = fate.untracking {
      return "\(place(rule)) leaves the packet untracked, so that nat does not see it"
    }
    if passed.isEmpty { return "no rule of nat matches \(resolved.destination)" }
    return
      "\(Wording.list(passed.map(place))) \(passed.count == 1 ? "does" : "do") not match, so it goes to "
      + "\(resolved.socket) itself"
  }

  private func translatedWords(_ fates: [PacketEnds.Fate]) -> String {
    // Who asks for a service port asks for its endpoints; another's rule may send packets elsewhere.
    let isService = fates.allSatisfy { fate in
      fate.translation.flatMap(resolved.side.rule).map { ChainRole($0.chain.name).isService }
        ?? false
    }
    if fates.count == 1 {
      if isService { return "its one endpoint, \(fates[0].destination)" }
      let by = fates[0].translation.map { ", by \(place($0))" } ?? ""
      return "translated to \(fates[0].destination)\(by)"
    }
    let percents = fates.map { Wording.percent($0.share) }
    // Only chance has shares.
    let isByChance = ends.undecidedDestination.isEmpty
    let isEven = fates.count > 2 && Set(percents).count == 1
    let shown = zip(fates, percents).prefix(Self.longest).map { fate, percent in
      isEven || !isByChance ? "\(fate.destination)" : "\(fate.destination) (\(percent))"
    }
    let left = fates.count - shown.count
    let list =
      left > 0
      ? shown.joined(separator: ", ") + " … and \(left) more"
      : shown.dropLast().joined(separator: ", ") + " or " + (shown.last ?? "")
    let each = isEven && isByChance ? " (\(percents[0]) each):" : ","
    return "one of \(fates.count) \(isService ? "endpoints" : "destinations")\(each) \(list)"
  }

  /// More endpoints than this are counted.
  private static let longest = 5

  private var sourceWords: String {
    let delivered = ends.delivered
    let rules = delivered.flatMap(\.rewriting).reduce(into: [RuleAddress]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    guard !rules.isEmpty else { return "source kept" }
    let places = Wording.list(rules.map(place))
    if !delivered.contains(where: \.isSourceKept) { return "source rewritten, by \(places)" }
    let some = delivered.filter { !$0.rewriting.isEmpty }
    if !some.contains(where: \.isSourceKept) {
      let destinations = Wording.list(some.map { "\($0.destination)" })
      return "source rewritten on the way to \(destinations), by \(places)"
    }
    let condition =
      ends.undecidedSource.isEmpty ? "" : ", which depends on \(conditions(ends.undecidedSource))"
    return "source kept, or rewritten by \(places)\(condition)"
  }

  /// What stops packets, each way once.
  private func stoppedWords(_ fates: [PacketEnds.Fate], showsShares: Bool = false) -> String {
    var groups: [(end: WalkEnd, fates: [PacketEnds.Fate])] = []
    // What is lost is lost wherever it is sent.
    for fate in fates {
      if let index = groups.firstIndex(where: {
        $0.end == fate.end && !$0.fates[0].isLost && !fate.isLost
          || $0.fates[0].isLost && fate.isLost && $0.fates[0].untracking == fate.untracking
      }) {
        groups[index].fates.append(fate)
      } else {
        groups.append((fate.end, [fate]))
      }
    }
    let shown = groups.prefix(3).map { end, fates in
      let share = min(1, fates.reduce(0) { $0 + $1.share })
      let percent = showsShares && share < 0.9995 ? "\(Wording.percent(share)) " : ""
      let targets = fates.filter { $0.translation != nil }.map { "\($0.destination)" }
      let toward = targets.isEmpty ? "" : ", on the way to \(Wording.list(targets))"
      return percent + (fates[0].isLost ? lostWords(fates[0]) : words(of: end)) + toward
    }
    let left = groups.count - shown.count
    return shown.joined(separator: ", or ") + (left > 0 ? ", or in \(left) other ways" : "")
  }

  private func lostWords(_ fate: PacketEnds.Fate) -> String {
    if let rule = fate.untracking {
      let translator = expected?.dispatch.map { "\(place($0)), which would translate it" }
      return "lost: \(place(rule)) leaves the packet untracked, so that nat does not see it"
        + (translator.map { " and it does not come to \($0)" } ?? "")
    }
    return "lost: " + (expected?.reason(resolved.destination, way, place: place) ?? "")
  }

  private func words(of end: WalkEnd) -> String {
    switch end {
    case .deliveredHere: "delivered on the node"
    case .sent: "let through"
    case .dropped(let rule): "dropped by \(place(rule))\(reason(rule))"
    case .rejected(let rule): "rejected by \(place(rule))\(reason(rule))"
    case .droppedByPolicy(let table, let chain):
      "dropped by the policy of \(chainName(table, chain))"
    case .undetermined(let rule):
      ["DNAT", "NETMAP"].contains(resolved.side.rule(rule)?.rule.target)
        ? "translated by \(place(rule)) to a destination that its text does not show"
        : "decided by a program, at \(place(rule))"
    case .loop(let rule): "caught in a loop, at \(place(rule))"
    case .tooLong(let rule): "lost sight of: there are too many rules, at \(place(rule))"
    }
  }

  /// Why a rule stops packets: its comment, or who marked them for it.
  private func reason(_ rule: RuleAddress) -> String {
    guard let (text, _) = resolved.side.rule(rule) else { return "" }
    let asksForMark = text.contains { element, line, owner in
      line.isText("--mark", element.name) && line.isText("mark", owner)
    }
    if let mark = way.dropMark, asksForMark { return ", marked for it by \(place(mark))" }
    // Calico's comments are checksums.
    guard let comment = text.comments.first?.text, !comment.hasPrefix("cali:") else { return "" }
    return " (\(comment.count > 90 ? comment.prefix(89) + "…" : comment))"
  }

  /// What would make the answer certain; nil where nothing is known that would.
  var hint: String? {
    guard ends.verdict == .depends else { return nil }
    let rules = ends.undecided.compactMap { resolved.side.rule($0)?.rule }
    let flags = [
      ("-i", "--in", resolved.packet.input == .unknown), ("-o", "--out", question.output == nil),
    ].filter { selector, _, isOpen in isOpen && rules.contains { $0.value(of: selector) != nil } }
    if flags.isEmpty { return nil }
    return "\(flags.map(\.1).joined(separator: " and ")) would say by which interface it passes"
  }

  /// `KUBE-POSTROUTING rule 3`, `filter's FORWARD rule 4`.
  func place(_ rule: RuleAddress) -> String {
    "\(chainName(rule.table, rule.chain)) rule \(rule.position + 1)"
  }

  func chainName(_ table: TableName, _ chain: Int) -> String {
    guard let chain = resolved.side.chain(table, chain) else { return "" }
    return Wording.place(chain.name, table, .ipv4, isBuiltIn: chain.isBuiltIn)
  }

  /// The rules that something depends on, each with its conditions, and with its target if that decides.
  private func conditions(_ rules: [RuleAddress]) -> String {
    let deciding = ends.fates.compactMap { fate in
      if case .undetermined(let rule) = fate.end { rule } else { nil }
    }
    let shown = rules.prefix(3).map { rule in
      let text =
        resolved.side.rule(rule)?.rule.conditions(withTarget: deciding.contains(rule)) ?? ""
      return text.isEmpty ? place(rule) : "\(place(rule)) (\(text))"
    }
    let left = rules.count - shown.count
    return shown.joined(separator: ", ")
      + (left > 0 ? " and \(Wording.count(left, "other rule"))" : "")
  }
}

extension Rule {
  /// What the rule asks of a packet, without comments; shortened where it is long.
  fileprivate func conditions(withTarget: Bool) -> String {
    let rule = withoutComments
    var end: Int?
    rule.forEachElement { element, _, _ in
      if end == nil, !withTarget, element.kind == .target || element.kind == .goto {
        // The `-j ` before it.
        end = element.name.lowerBound - 3
      }
    }
    let length = end.map { max(0, $0) } ?? rule.line.count
    let text = String(decoding: rule.line.prefix(length), as: UTF8.self)
      .split(separator: " ").joined(separator: " ")
    return text.count > 90 ? text.prefix(89) + "…" : text
  }
}

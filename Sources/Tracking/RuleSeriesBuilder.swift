internal import Churn
internal import Exposition
internal import Netfilter

/// Makes the series of a table whose rules are others than before: those that a rule goes on with, as
/// they are, and new ones.
struct RuleSeriesBuilder {
  let snapshot: TableSnapshot
  /// The table as it was; nil where there was none.
  let former: RuleTotals.Table?
  private(set) var series: RuleSeries
  /// The number of former series that some rule goes on with.
  let keptCount: Int

  private let backend: Backend
  /// For each rule, where it stood; -1 where it is new.
  private let formerPositions: [Int32]
  /// For each former entry, its index now; -1 where it is gone, or not yet known.
  private var entries: [Int32]
  private var names: ChainLabels

  /// - Parameter difference: What changed in the table since the last reading, if that is known.
  init(
    of snapshot: TableSnapshot, backend: Backend, from former: RuleTotals.Table?,
    _ difference: TableDifference?
  ) {
    self.snapshot = snapshot
    self.backend = backend
    self.former = former
    series = RuleSeries(snapshot.name, ruleCount: snapshot.content.ruleCount)
    var positions = [Int32](repeating: -1, count: snapshot.content.ruleCount)
    var isKept = [Bool](repeating: false, count: former?.series.entries.count ?? 0)
    if let former {
      let (old, new) = (former.snapshot.content, snapshot.content)
      let known = difference.flatMap { $0.isFrom(old, to: new) ? $0 : nil }
      let difference = known ?? TableDifference(from: old, to: new)
      difference.forEachCommonRun { _, run in
        for offset in 0..<run.count {
          positions[run.to + offset] = Int32(run.from + offset)
          let entry = former.series.ofRules[run.from + offset]
          if entry >= 0 { isKept[Int(entry)] = true }
        }
      }
    }
    formerPositions = positions
    keptCount = isKept.count { $0 }
    entries = Array(repeating: -1, count: isKept.count)
    names = ChainLabels(snapshot.content)
  }

  /// The former entries that no rule goes on with.
  var entriesGone: [Int] { entries.indices.filter { entries[$0] < 0 } }

  // MARK: Series

  /// Gives every rule its series.
  ///
  /// - Parameters:
  ///   - room: how many series may be made; nil for any number.
  ///   - remembered: the totals of series that are gone, of which those are taken that come back.
  mutating func build(
    _ matcher: inout RuleMatcher, room: inout Int?,
    remembered: inout [RuleSeries.Key: Counter]
  ) {
    let content = snapshot.content
    if matcher.selects(snapshot.name) {
      for chain in content.chains.indices
      where content.firstRules[chain] < content.firstRules[chain + 1] {
        switch matcher.verdict(on: content.chains[chain].name) {
        case .selected: build(chain, &matcher, &room, &remembered)
        case .omitted: break
        case .undecided:
          for rule in content.firstRules[chain]..<content.firstRules[chain + 1] {
            series.ofRules[rule] = RuleSeries.undecided
          }
        }
      }
    }
    for entry in series.ofRules {
      if entry == RuleSeries.byPattern || entry == RuleSeries.undecided {
        series.omittedByPattern += 1
      }
      if entry == RuleSeries.byLimit { series.omittedByLimit += 1 }
    }
  }

  private mutating func build(
    _ chain: Int, _ matcher: inout RuleMatcher, _ room: inout Int?,
    _ remembered: inout [RuleSeries.Key: Counter]
  ) {
    let content = snapshot.content
    // Where no rule is new, nothing needs to be looked up.
    var known: [LabelSet: Int32]?
    for position in content.firstRules[chain]..<content.firstRules[chain + 1] {
      let formerly = formerEntry(position)
      if let formerly, formerly >= 0 {
        series.ofRules[position] = keep(formerly, chain)
        continue
      }
      if formerly == RuleSeries.byPattern { continue }
      if formerly == RuleSeries.byLimit, room == 0 {
        series.ofRules[position] = RuleSeries.byLimit
        continue
      }
      let rule = content.chains[chain].rules[position - content.firstRules[chain]]
      let match: RuleMatcher.Match
      switch matcher.verdict(on: rule) {
      case .selected(let found): match = found
      case .omitted: continue
      case .undecided:
        series.ofRules[position] = RuleSeries.undecided
        continue
      }
      let labels = Self.labels(rule, match)
      if known == nil { known = entriesByLabels(chain) }
      if let entry = known?[labels] {
        series.ofRules[position] = entry
      } else if room == 0 {
        series.ofRules[position] = RuleSeries.byLimit
      } else {
        room = room.map { $0 - 1 }
        let entry = append(labels, chain, Counter())
        let total = remembered.removeValue(forKey: series.key(of: Int(entry)))
        series.totals[Int(entry)] = total ?? Counter()
        series.ofRules[position] = entry
        known?[labels] = entry
      }
    }
    names.keep(known, of: chain)
  }

  /// The former entry of a rule that was there before, or why it had none.
  private func formerEntry(_ position: Int) -> Int32? {
    let formerPosition = formerPositions[position]
    guard formerPosition >= 0, let former else { return nil }
    return former.series.ofRules[Int(formerPosition)]
  }

  private mutating func keep(_ formerly: Int32, _ chain: Int) -> Int32 {
    let known = entries[Int(formerly)]
    guard known < 0, let former else { return known }
    let entry = append(
      former.series.entries[Int(formerly)].labels, chain, former.series.totals[Int(formerly)])
    entries[Int(formerly)] = entry
    return entry
  }

  private mutating func append(_ labels: LabelSet, _ chain: Int, _ total: Counter) -> Int32 {
    let name = names.index(of: chain, backend, in: &series)
    series.entries.append(RuleSeries.Entry(chain: name, labels: labels))
    series.totals.append(total)
    return Int32(series.entries.count - 1)
  }

  /// The entries of a chain, those included that its later rules go on with.
  private mutating func entriesByLabels(_ chain: Int) -> [LabelSet: Int32] {
    if let known = names.entries(of: chain) { return known }
    var known: [LabelSet: Int32] = [:]
    for namesake in names.chains(like: chain) {
      let first = snapshot.content.firstRules[namesake]
      for position in first..<snapshot.content.firstRules[namesake + 1] {
        guard let formerly = formerEntry(position), formerly >= 0 else { continue }
        let entry = keep(formerly, namesake)
        known[series.entries[Int(entry)].labels] = entry
      }
    }
    return known
  }

  private static func labels(
    _ rule: Rule, _ match: RuleMatcher.Match
  ) -> LabelSet {
    let text = String(decoding: rule.line, as: UTF8.self)
    guard let id = match.id else { return LabelSet(["rule": text]) }
    return LabelSet(["rule": text, "id": id])
  }

  // MARK: Growth

  /// Adds what the rules have counted since the former reading.
  mutating func addGrowth() {
    let counters = snapshot.counters
    guard let former else {
      _ = series.add { counters[$0] }
      return
    }
    let growth = CounterGrowth(from: former.snapshot, to: snapshot)
    let positions = positionsByHandle(former)
    let (formerPositions, handles) = (formerPositions, snapshot.handles)
    _ = series.add { rule in
      var position = Int(formerPositions[rule])
      if !positions.isEmpty, let same = positions[handles[rule]] { position = same }
      guard position >= 0, former.series.ofRules[position] >= 0 else { return counters[rule] }
      return growth.counted(from: position, to: rule)
    }
  }

  /// Where each handle stood, of rules that may have changed places with equal ones.
  private func positionsByHandle(_ former: RuleTotals.Table) -> [UInt64: Int] {
    guard !snapshot.handles.isEmpty, !former.snapshot.handles.isEmpty,
      series.hasShared || former.series.hasShared
    else { return [:] }
    var ruleCounts = [Int](repeating: 0, count: entries.count)
    for entry in former.series.ofRules where entry >= 0 { ruleCounts[Int(entry)] += 1 }
    var newCounts = [Int](repeating: 0, count: series.entries.count)
    for entry in series.ofRules where entry >= 0 { newCounts[Int(entry)] += 1 }
    var positions: [UInt64: Int] = [:]
    for (position, entry) in former.series.ofRules.enumerated() where entry >= 0 {
      let now = entries[Int(entry)]
      let isShared = ruleCounts[Int(entry)] > 1 || now >= 0 && newCounts[Int(now)] > 1
      if isShared { positions[former.snapshot.handles[position]] = position }
    }
    return positions
  }
}

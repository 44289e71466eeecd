internal import Churn
internal import Exposition
internal import Netfilter

/// Makes the series of a table whose rules have changed. A rule that was there before keeps its series.
struct RuleSeriesBuilder {
  let snapshot: TableSnapshot
  /// The table as it was; nil where there was none.
  let former: RuleTotals.Table?
  private(set) var series: RuleSeries
  /// The number of former series that some rule goes on with.
  let keptCount: Int

  private let backend: Backend
  /// For each rule, where it stood; none where it is new.
  private let formerPositions: [OptionalIndex]
  /// For each former entry, its index now; none where it is gone, or not yet known.
  private var entries: [OptionalIndex]
  private var group = ChainGroup(first: 0, others: [])

  /// Chains whose names read the same, because what isn't UTF-8 in them is replaced; nearly always one. They share
  /// their labels, and so their series, lest one stands there twice.
  fileprivate struct ChainGroup {
    let first: Int
    let others: ArraySlice<Int>
    /// The index of the chains' labels; nil where they have no series yet.
    var labels: Int?
    /// Those of its entries that are known by their labels; nil while no rule is new.
    var entries: [LabelSet: Int]?
  }

  /// - Parameter difference: What changed in the table since the last reading, if that is known.
  init(
    of snapshot: TableSnapshot, backend: Backend, from former: RuleTotals.Table?,
    _ difference: TableDifference?
  ) {
    self.snapshot = snapshot
    self.backend = backend
    self.former = former
    series = RuleSeries(snapshot.name, ruleCount: snapshot.content.ruleCount)
    var positions = [OptionalIndex](repeating: .none, count: snapshot.content.ruleCount)
    var isKept = [Bool](repeating: false, count: former?.series.entries.count ?? 0)
    if let former {
      let (old, new) = (former.snapshot.content, snapshot.content)
      let known = difference.flatMap { $0.isFrom(old, to: new) ? $0 : nil }
      let difference = known ?? TableDifference(from: old, to: new)
      difference.forEachCommonRun { _, run in
        for offset in 0..<run.count {
          positions[run.to + offset] = OptionalIndex(run.from + offset)
          if let entry = former.series.ofRules[run.from + offset].entry { isKept[entry] = true }
        }
      }
    }
    formerPositions = positions
    keptCount = isKept.count { $0 }
    entries = Array(repeating: .none, count: isKept.count)
  }

  /// The former entries that no rule goes on with.
  var entriesGone: [Int] { entries.indices.filter { entries[$0] == .none } }

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
    if matcher.selects(snapshot.name) {
      let chains = snapshot.content.chains
      let namesakes = snapshot.content.namesakes
      for chain in chains.indices {
        let all = namesakes.isEmpty ? nil : namesakes[chains[chain].name.description]
        if let all, all.first != chain { continue }
        group = ChainGroup(first: chain, others: all?.dropFirst() ?? [])
        build(chain, &matcher, &room, &remembered)
        for other in group.others { build(other, &matcher, &room, &remembered) }
      }
    }
    for place in series.ofRules {
      if place == .byPattern || place == .undecided { series.omittedByPattern += 1 }
      if place == .byLimit { series.omittedByLimit += 1 }
    }
  }

  private mutating func build(
    _ chain: Int, _ matcher: inout RuleMatcher, _ room: inout Int?,
    _ remembered: inout [RuleSeries.Key: Counter]
  ) {
    let content = snapshot.content
    let rules = content.firstRules[chain]..<content.firstRules[chain + 1]
    if rules.isEmpty { return }
    let verdict = matcher.verdict(on: content.chains[chain].name)
    if case .success(false) = verdict { return }
    let isUndecided = verdict.failure != nil
    for position in rules {
      series.ofRules[position] =
        isUndecided ? .undecided : place(position, chain, &matcher, &room, &remembered)
    }
  }

  private mutating func place(
    _ position: Int, _ chain: Int, _ matcher: inout RuleMatcher, _ room: inout Int?,
    _ remembered: inout [RuleSeries.Key: Counter]
  ) -> RuleSeries.Place {
    let formerly = formerPlace(position)
    if let entry = formerly?.entry { return .entry(keep(entry, chain)) }
    if formerly == .byPattern { return .byPattern }
    if formerly == .byLimit, room == 0 { return .byLimit }
    let content = snapshot.content
    let rule = content.chains[chain].rules[position - content.firstRules[chain]]
    let match: RuleMatcher.Match
    switch matcher.verdict(on: rule) {
    case .success(let found?): match = found
    case .success(nil): return .byPattern
    case .failure: return .undecided
    }
    let labels = Self.labels(rule, match)
    if group.entries == nil { group.entries = entriesByLabels() }
    if let entry = group.entries?[labels] { return .entry(entry) }
    if room == 0 { return .byLimit }
    room = room.map { $0 - 1 }
    let entry = append(labels, chain, Counter())
    series.totals[entry] = remembered.removeValue(forKey: series.key(of: entry)) ?? Counter()
    group.entries?[labels] = entry
    return .entry(entry)
  }

  /// The former entry of a rule that was there before, or why it had none.
  private func formerPlace(_ position: Int) -> RuleSeries.Place? {
    formerPositions[position].index.flatMap { former?.series.ofRules[$0] }
  }

  private mutating func keep(_ formerly: Int, _ chain: Int) -> Int {
    if let known = entries[formerly].index { return known }
    guard let series = former?.series else { preconditionFailure("an entry of no series") }
    let entry = append(series.entries[formerly].labels, chain, series.totals[formerly])
    entries[formerly] = OptionalIndex(entry)
    return entry
  }

  private mutating func append(_ labels: LabelSet, _ chain: Int, _ total: Counter) -> Int {
    let chainLabels = group.labels ?? appendLabels(of: chain)
    group.labels = chainLabels
    series.entries.append(RuleSeries.Entry(chain: Int32(chainLabels), labels: labels))
    series.totals.append(total)
    return series.entries.count - 1
  }

  private mutating func appendLabels(of chain: Int) -> Int {
    let content = snapshot.content
    series.chains.append(
      LabelSet([
        "backend": backend.rawValue, "ip_family": content.family.rawValue,
        "table": content.name.rawValue, "chain": content.chains[chain].name.description,
      ]))
    return series.chains.count - 1
  }

  /// The entries of the group, those included that its later rules go on with.
  private mutating func entriesByLabels() -> [LabelSet: Int] {
    var known: [LabelSet: Int] = [:]
    for chain in [group.first] + group.others {
      let first = snapshot.content.firstRules[chain]
      for position in first..<snapshot.content.firstRules[chain + 1] {
        guard let formerly = formerPlace(position)?.entry else { continue }
        let entry = keep(formerly, chain)
        known[series.entries[entry].labels] = entry
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
      var position = formerPositions[rule].index
      if !positions.isEmpty, let same = positions[handles[rule]] { position = same }
      guard let position, former.series.ofRules[position].entry != nil else {
        return counters[rule]
      }
      return growth.counted(from: position, to: rule)
    }
  }

  /// Where each handle stood, of rules that may have changed places with equal ones.
  private func positionsByHandle(_ former: RuleTotals.Table) -> [UInt64: Int] {
    guard !snapshot.handles.isEmpty, !former.snapshot.handles.isEmpty,
      series.hasShared || former.series.hasShared
    else { return [:] }
    let (before, now) = (former.series.ruleCounts, series.ruleCounts)
    var positions: [UInt64: Int] = [:]
    for (position, place) in former.series.ofRules.enumerated() {
      guard let entry = place.entry else { continue }
      if before[entry] > 1 || entries[entry].index.map({ now[$0] > 1 }) ?? false {
        positions[former.snapshot.handles[position]] = position
      }
    }
    return positions
  }
}

extension TableContent {
  /// The positions of the chains whose names have something replaced when read as text, by what they read as.
  fileprivate var namesakes: [String: [Int]] {
    Dictionary(grouping: chains.indices.filter { !chains[$0].name.isASCII }) {
      chains[$0].name.description
    }
  }
}

extension ChainName {
  fileprivate var isASCII: Bool {
    (words.0 | words.1 | words.2 | words.3) & 0x8080_8080_8080_8080 == 0
  }
}

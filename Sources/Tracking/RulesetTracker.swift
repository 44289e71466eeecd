internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform

/// Follows a rule set from reading to reading: makes each into a state, and remembers what the next is
/// to be compared with.
struct RulesetTracker {
  private let subjects: TrackedSubjects
  /// When counting began; nil where nobody wants to know.
  private let beginning: Double?
  private var families: [FamilyIdentity: FamilyTracker] = [:]
  private var services: [IPFamily: ServiceTracker] = [:]
  private var ledger = ChurnLedger()
  private var mark: ChurnMark?

  init(_ subjects: TrackedSubjects, now: () -> Moment) {
    self.subjects = subjects
    beginning = subjects.kinds.contains(.beginnings) ? now().wallClock : nil
  }

  mutating func take(_ reading: RulesetReading, at time: Moment) -> RulesetState {
    pauseAbsent(reading)
    var budget = MatchingBudget()
    let states = reading.families.map { family in
      // Taken out, so that it is changed in place.
      var tracker = families.removeValue(forKey: family.identity) ?? FamilyTracker(subjects)
      let state = tracker.take(
        family, isServing: isServing(family, in: reading), at: time, in: &ledger, within: &budget)
      families[family.identity] = tracker
      return state
    }.sorted { ($0.backend, $0.family) < ($1.backend, $1.family) }
    let mode = KubeProxyMode(states, reading)
    let mark = ledger.mark(self.mark)
    self.mark = mark
    return RulesetState(
      families: states,
      services: serviceStates(states, reading, mode, at: time, within: &budget),
      mode: mode, source: reading, ledger: ledger, mark: mark, beginning: beginning)
  }

  /// Where the source chooses, a family that it leaves out is followed no longer.
  private mutating func pauseAbsent(_ reading: RulesetReading) {
    guard reading.choice != nil else { return }
    let present = Set(reading.families.map(\.identity))
    for key in Array(families.keys) where !present.contains(key) { families[key]?.pause() }
  }

  /// Whether the service ports of this backend are those to report: it is the chosen one, or the chosen one
  /// has nothing of the family. Without a choice any backend's may be.
  private func isServing(_ family: FamilyReading, in reading: RulesetReading) -> Bool {
    guard let choice = reading.choice, choice.backend != family.backend else { return true }
    return !reading.families.contains {
      $0.backend == choice.backend && $0.family == family.family
    }
  }

  /// Of each family the service ports: where the source doesn't choose between two backends, those of
  /// the one that has any, and legacy's where both have.
  private mutating func serviceStates(
    _ states: [FamilyState], _ reading: RulesetReading, _ mode: KubeProxyMode, at time: Moment,
    within budget: inout MatchingBudget
  ) -> [ServiceState] {
    let serving = Set(reading.families.filter { isServing($0, in: reading) }.map(\.identity))
    return IPFamily.allCases.compactMap { family in
      let candidates = states.compactMap { state in
        state.family == family && serving.contains(state.identity) ? state.reading : nil
      }
      let chosen =
        candidates.first { $0.services?.map.services.isEmpty == false } ?? candidates.first
      guard let chosen, let found = chosen.services else { return nil }
      let other = states.first { $0.family == family && $0.backend != chosen.snapshot.backend }
      let new = ServiceTracker(family: family, subjects, since: beginning)
      return services[family, default: new].take(
        found, of: chosen.snapshot, beside: other?.reading?.snapshot, mode, at: time,
        ledger: ledger, within: &budget)
    }
  }
}

extension KubeProxyMode {
  /// The mode that the backend shows that kube-proxy uses, and the node.
  fileprivate init(_ families: [FamilyState], _ reading: RulesetReading) {
    let backend = reading.choice?.backend
    let landmarks = families.reduce(into: Landmarks()) { landmarks, family in
      if backend == nil || backend == family.backend { landmarks.formUnion(family.landmarks) }
    }
    self.init(landmarks, reading.node)
  }
}

/// What is followed from reading to reading, beside the tables and kube-proxy's service ports.
package struct TrackedSubjects: Sendable {
  /// What is followed only where somebody wants to know.
  package enum Kind: Sendable {
    /// What each rule has counted.
    case rules
    /// The connections of each endpoint.
    case endpoints
    /// Faults in the rules.
    case anomalies
    /// When the counters began.
    case beginnings
  }

  let kinds: Set<Kind>
  /// The service ports that have series of their own.
  let services: ServiceSelection
  /// The rules that have.
  let rules: RuleSelection

  package init(_ kinds: Set<Kind>, services: ServiceSelection, rules: RuleSelection) {
    self.kinds = kinds
    self.services = services
    self.rules = rules
  }
}

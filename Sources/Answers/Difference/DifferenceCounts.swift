/// How much differs.
public struct DifferenceCounts: Sendable, Hashable {
  public internal(set) var rulesAdded = 0
  public internal(set) var rulesRemoved = 0
  public internal(set) var rulesMoved = 0
  public internal(set) var rulesRewritten = 0
  public internal(set) var chainsAdded = 0
  public internal(set) var chainsRemoved = 0
  public internal(set) var policiesChanged = 0

  mutating func add(_ event: RulesetChange.Event) {
    switch event {
    case .chainAdded: chainsAdded += 1
    case .chainRemoved: chainsRemoved += 1
    case .policyChanged: policiesChanged += 1
    case .ruleAdded: rulesAdded += 1
    case .ruleRemoved: rulesRemoved += 1
    case .ruleMoved: rulesMoved += 1
    case .ruleRewritten: rulesRewritten += 1
    }
  }
}

/// What changed between two texts of a table, by the definition and without any haste: rules are
/// lines, the k-th of equal lines in a chain is the k-th in the other, and of the lines in both the
/// longest run in order stays that stands first in the new text.
public struct TextDifference {
  public enum Change: String, CaseIterable { case added, removed, moved }

  public struct ChangedRule {
    public let change: Change
    public let chain: String
    public let rule: SaveText.Rule
  }

  public private(set) var rules: [ChangedRule] = []
  public private(set) var addedChains: Set<String> = []
  public private(set) var removedChains: Set<String> = []

  public init(_ table: String, from old: SaveText, to new: SaveText) {
    let (oldChains, newChains) = (
      Set((old.tables[table] ?? [:]).keys), Set((new.tables[table] ?? [:]).keys)
    )
    addedChains = newChains.subtracting(oldChains)
    removedChains = oldChains.subtracting(newChains)
    for chain in oldChains.union(newChains) {
      compare(chain, old.rules(table, chain), new.rules(table, chain))
    }
  }

  private struct Occurrence: Hashable {
    let text: String
    let number: Int
  }

  private mutating func compare(
    _ chain: String, _ old: [SaveText.Rule], _ new: [SaveText.Rule]
  ) {
    let (before, after) = (Self.occurrences(old), Self.occurrences(new))
    let positions = Dictionary(uniqueKeysWithValues: zip(before, 0...))
    let present = Set(after)
    var common: [(rule: SaveText.Rule, position: Int)] = []
    for (occurrence, rule) in zip(after, new) {
      if let position = positions[occurrence] {
        common.append((rule, position))
      } else {
        add(.added, chain, rule)
      }
    }
    for (occurrence, rule) in zip(before, old) where !present.contains(occurrence) {
      add(.removed, chain, rule)
    }
    let staying = Self.firstLongestRun(common.map(\.position))
    for (index, pair) in common.enumerated() where !staying.contains(index) {
      add(.moved, chain, pair.rule)
    }
  }

  private mutating func add(_ change: Change, _ chain: String, _ rule: SaveText.Rule) {
    rules.append(ChangedRule(change: change, chain: chain, rule: rule))
  }

  private static func occurrences(_ rules: [SaveText.Rule]) -> [Occurrence] {
    var counts: [String: Int] = [:]
    return rules.map { rule in
      counts[rule.text, default: 0] += 1
      return Occurrence(text: rule.text, number: counts[rule.text, default: 0])
    }
  }

  /// The indices of the longest increasing subsequence; of several, the one that stands first.
  private static func firstLongestRun(_ values: [Int]) -> Set<Int> {
    var lengths = Array(repeating: 1, count: values.count)
    for index in values.indices.reversed() {
      for later in values.indices where later > index && values[later] > values[index] {
        lengths[index] = max(lengths[index], lengths[later] + 1)
      }
    }
    var run: Set<Int> = []
    var wanted = lengths.max() ?? 0
    var last = -1
    for index in values.indices where lengths[index] == wanted && values[index] > last {
      run.insert(index)
      last = values[index]
      wanted -= 1
    }
    return run
  }
}

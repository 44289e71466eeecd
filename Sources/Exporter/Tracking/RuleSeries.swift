internal import Exposition
internal import Netfilter

/// The series of a table's rules. Rules of a chain that read the same share one.
struct RuleSeries: Sendable {
  struct Entry: Sendable {
    /// The index of the chain's labels.
    let chain: Int32
    /// The labels beyond the chain's.
    let labels: LabelSet
  }

  let table: TableName
  /// The labels of the chains that have series, rendered.
  var chains: [LabelSet] = []
  var entries: [Entry] = []
  /// What the rules of each entry have counted since the exporter followed them first.
  var totals: [Counter] = []
  /// For each rule of the table, the index of its entry; or ``byPattern``, ``byLimit`` or
  /// ``undecided``.
  var ofRules: [Int32]
  var omittedByPattern = 0
  var omittedByLimit = 0

  /// No series: the rule isn't selected.
  static let byPattern: Int32 = -1
  /// No series: there are as many as may be.
  static let byLimit: Int32 = -2
  /// No series: it would take too long to find out whether the rule is selected.
  static let undecided: Int32 = -3

  init(_ table: TableName, ruleCount: Int) {
    self.table = table
    ofRules = Array(repeating: Self.byPattern, count: ruleCount)
  }

  /// Whether several rules share one entry.
  var hasShared: Bool {
    ofRules.count - omittedByPattern - omittedByLimit > entries.count
  }

  /// Tells a series of one table from those of others, and of other times.
  struct Key: Hashable {
    let table: TableName
    let chain: LabelSet
    let rule: LabelSet
  }

  func key(of entry: Int) -> Key {
    Key(
      table: table, chain: chains[Int(entries[entry].chain)], rule: entries[entry].labels)
  }

  /// Adds what each rule has counted; tells whether any has.
  ///
  /// - Parameter counted: what the rule at a position has.
  mutating func add(_ counted: (Int) -> Counter) -> Bool {
    var hasGrown = false
    for rule in ofRules.indices {
      let entry = Int(ofRules[rule])
      guard entry >= 0 else { continue }
      let more = counted(rule)
      if more == Counter() { continue }
      totals[entry] += more
      hasGrown = true
    }
    return hasGrown
  }
}

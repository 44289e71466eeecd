package import Exposition
package import Netfilter

/// The series of a table's rules. Rules of a chain that read the same share one.
package struct RuleSeries: Sendable {
  package struct Entry: Sendable {
    /// The index of the chain's labels.
    package let chain: Int32
    /// The labels beyond the chain's.
    package let labels: LabelSet
  }

  let table: TableName
  /// The labels of the chains that have series, rendered.
  package var chains: [LabelSet] = []
  package var entries: [Entry] = []
  /// What the rules of each entry have counted since the exporter followed them first.
  package var totals: [Counter] = []
  /// For each rule of the table.
  var ofRules: [Place]
  package var omittedByPattern = 0
  package var omittedByLimit = 0

  /// The entry of a rule, or why it has none, in four bytes: there may be 100,000 rules.
  struct Place: Equatable {
    private let code: Int32

    /// The rule isn't selected.
    static let byPattern = Place(code: -1)
    /// There are as many series as may be.
    static let byLimit = Place(code: -2)
    /// It would take too long to find out whether the rule is selected.
    static let undecided = Place(code: -3)

    static func entry(_ index: Int) -> Place { Place(code: Int32(index)) }

    var entry: Int? { code < 0 ? nil : Int(code) }
  }

  init(_ table: TableName, ruleCount: Int) {
    self.table = table
    ofRules = Array(repeating: .byPattern, count: ruleCount)
  }

  /// Whether several rules share one entry.
  var hasShared: Bool {
    ofRules.count - omittedByPattern - omittedByLimit > entries.count
  }

  /// How many rules each entry has.
  var ruleCounts: [Int] {
    ofRules.lazy.compactMap(\.entry).reduce(into: Array(repeating: 0, count: entries.count)) {
      $0[$1] += 1
    }
  }

  /// Identifies a series among those of all tables and of all times.
  struct Key: Hashable {
    let table: TableName
    package let chain: LabelSet
    let rule: LabelSet
  }

  func key(of entry: Int) -> Key {
    Key(
      table: table, chain: chains[Int(entries[entry].chain)], rule: entries[entry].labels)
  }

  /// Adds what each rule has counted. Returns whether any has.
  ///
  /// - Parameter counted: what the rule at a position has.
  mutating func add(_ counted: (Int) -> Counter) -> Bool {
    var hasGrown = false
    for rule in ofRules.indices {
      guard let entry = ofRules[rule].entry else { continue }
      let more = counted(rule)
      if more == Counter() { continue }
      totals[entry] += more
      hasGrown = true
    }
    return hasGrown
  }
}

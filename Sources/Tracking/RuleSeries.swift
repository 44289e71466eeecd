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

  /// Tells a series of one table from those of others, and of other times.
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

/// The labels of a table's chains.
///
/// Names that are not UTF-8 can read the same as another, for what isn't is replaced. Such chains
/// share their labels, and then their series, lest one stands there twice.
struct ChainLabels {
  private let content: TableContent
  /// For each chain, its labels' index; none where it has none yet.
  private var indices: [OptionalIndex]
  /// By what they read as, the chains whose names have something replaced.
  private var replaced: [String: [Int]] = [:]
  /// The entries of those, by labels.
  private var known: [String: [LabelSet: Int]] = [:]

  init(_ content: TableContent) {
    self.content = content
    indices = Array(repeating: .none, count: content.chains.count)
    for chain in content.chains.indices {
      let name = content.chains[chain].name
      guard !name.isASCII else { continue }
      replaced[name.description, default: []].append(chain)
    }
  }

  /// All chains that read the same as this one, itself included.
  func chains(like chain: Int) -> [Int] { namesakes(of: chain) ?? [chain] }

  /// The index of the chain's labels, which are rendered where they weren't.
  mutating func index(of chain: Int, _ backend: Backend, in series: inout RuleSeries) -> Int {
    if let index = indices[chain].index { return index }
    let index = series.chains.count
    series.chains.append(
      LabelSet([
        "backend": backend.rawValue, "ip_family": content.family.rawValue,
        "table": content.name.rawValue, "chain": content.chains[chain].name.description,
      ]))
    for namesake in chains(like: chain) { indices[namesake] = OptionalIndex(index) }
    return index
  }

  /// What was kept of a chain that reads the same.
  func entries(of chain: Int) -> [LabelSet: Int]? {
    known.isEmpty ? nil : known[content.chains[chain].name.description]
  }

  /// Keeps the entries of a chain, where another may read the same.
  mutating func keep(_ entries: [LabelSet: Int]?, of chain: Int) {
    guard let entries, namesakes(of: chain) != nil else { return }
    known[content.chains[chain].name.description] = entries
  }

  private func namesakes(of chain: Int) -> [Int]? {
    replaced.isEmpty ? nil : replaced[content.chains[chain].name.description]
  }
}

extension ChainName {
  fileprivate var isASCII: Bool {
    (words.0 | words.1 | words.2 | words.3) & 0x8080_8080_8080_8080 == 0
  }
}

/// What stands in a table, without counters. Shared between the snapshots of a table that did not
/// change, so that `===` answers "did anything change?".
public final class TableContent: Sendable {
  public let family: IPFamily
  public let name: TableName
  /// In the order of the source: libiptc's is built-in chains first, then by name.
  public let chains: [Chain]
  /// For each chain, where its rules begin in a list of all rules; one more entry, the number of
  /// rules, ends it.
  public let firstRules: [Int]
  /// The number of built-in chains.
  public let builtInCount: Int

  public init(family: IPFamily, name: TableName, chains: [Chain]) {
    self.family = family
    self.name = name
    self.chains = chains
    var firstRules = [0]
    firstRules.reserveCapacity(chains.count + 1)
    var total = 0
    var builtInCount = 0
    // By index: a copy of each chain would touch its rules' storage.
    for index in chains.indices {
      total += chains[index].rules.count
      firstRules.append(total)
      if chains[index].isBuiltIn { builtInCount += 1 }
    }
    self.firstRules = firstRules
    self.builtInCount = builtInCount
  }

  public var ruleCount: Int { firstRules[chains.count] }
}

extension TableContent: Equatable {
  /// Equal content; the same object is, without looking.
  public static func == (left: TableContent, right: TableContent) -> Bool {
    left === right
      || left.family == right.family && left.name == right.name && left.chains == right.chains
  }
}

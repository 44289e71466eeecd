internal import Netfilter

/// Which of a table's chains stood where at an earlier reading, and which have the same rules since.
struct ChainMatching {
  /// For each chain, where it stood; -1 where it did not exist.
  private(set) var formerPositions: [Int32]
  /// For each chain, whether it existed with the same rules.
  private(set) var isUnchanged: [Bool]

  init(_ content: TableContent, former: TableContent?) {
    let count = content.chains.count
    formerPositions = Array(repeating: -1, count: count)
    isUnchanged = Array(repeating: false, count: count)
    guard let former else { return }
    match(content, former)
    compareRules(content.chains, former.chains)
  }

  /// Chains that share their rules' storage compare in no time, unless they are retained for it.
  private mutating func compareRules(_ chains: [Chain], _ former: [Chain]) {
    let chains = chains.span
    let former = former.span
    for index in chains.indices where formerPositions[index] >= 0 {
      isUnchanged[index] = chains[index].rules == former[Int(formerPositions[index])].rules
    }
  }

  /// For each of `count` chains that existed, where it stands now; -1 where it is gone.
  func positionsNow(of count: Int) -> [Int32] {
    var positions = [Int32](repeating: -1, count: count)
    for (index, former) in formerPositions.enumerated() where former >= 0 {
      positions[Int(former)] = Int32(index)
    }
    return positions
  }

  /// Walks both lists side by side, as they are in the same order but for what came and went.
  private mutating func match(_ content: TableContent, _ former: TableContent) {
    var next = 0
    var missing: [Int] = []
    var missedInARow = 0
    var index: ChainIndex?
    for position in content.chains.indices {
      let name = content.chains[position].name
      var found = Self.find(name, in: former, from: next)
      if found == nil, missedInARow >= Self.patience, index == nil {
        // Much came or went at once, or the order is another.
        index = ChainIndex(former)
      }
      if found == nil { found = index?.position(of: name) }
      guard let found else {
        missing.append(position)
        missedInARow += 1
        continue
      }
      formerPositions[position] = Int32(found)
      next = found + 1
      missedInARow = 0
    }
    guard !missing.isEmpty, missing.count > content.chains.count - former.chains.count else {
      return
    }
    matchMoved(missing, content, former)
  }

  /// How many chains in a row may be missing where they are expected.
  private static let patience = 16

  /// Looks for a chain where it is expected, and a few chains on.
  private static func find(_ name: ChainName, in former: TableContent, from first: Int) -> Int? {
    let end = min(first + 8, former.chains.count)
    for position in first..<max(first, end) where former.chains[position].name == name {
      return position
    }
    return nil
  }

  /// Looks the chains up that are not where they are expected, among those that are left.
  private mutating func matchMoved(
    _ missing: [Int], _ content: TableContent, _ former: TableContent
  ) {
    var isTaken = [Bool](repeating: false, count: former.chains.count)
    for position in formerPositions where position >= 0 { isTaken[Int(position)] = true }
    var left: [ChainName: Int32] = [:]
    for position in former.chains.indices where !isTaken[position] {
      left[former.chains[position].name] = Int32(position)
    }
    for position in missing {
      formerPositions[position] = left[content.chains[position].name] ?? -1
    }
  }
}

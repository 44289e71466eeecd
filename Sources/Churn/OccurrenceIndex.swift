import Netfilter

/// Where the rules of a part of a list stand, equal ones in their order, each to be taken once.
struct OccurrenceIndex {
  private static let none = -1

  private let range: Range<Int>
  /// The first position of each rule that is not yet taken, or ``none``.
  private var firstPositions: [RuleLine: Int] = [:]
  /// For each position of the range, the next of an equal rule, or ``none``.
  private var nextPositions: [Int]
  private var isTaken: [Bool]
  private var takenCount = 0

  init(of list: RuleList, in range: Range<Int>) {
    self.range = range
    nextPositions = Array(repeating: Self.none, count: range.count)
    isTaken = Array(repeating: false, count: range.count)
    firstPositions.reserveCapacity(range.count)
    for position in range.reversed() {
      let rule = RuleLine(list.line(at: position))
      if let next = firstPositions.updateValue(position, forKey: rule) {
        nextPositions[position - range.lowerBound] = next
      }
    }
  }

  /// Takes the first occurrence of `rule` that is left, and returns its position in the list; nil
  /// where none is left.
  mutating func takeFirst(of rule: RuleLine) -> Int? {
    guard let entry = firstPositions.index(forKey: rule) else { return nil }
    let position = firstPositions.values[entry]
    if position == Self.none { return nil }
    firstPositions.values[entry] = nextPositions[position - range.lowerBound]
    isTaken[position - range.lowerBound] = true
    takenCount += 1
    return position
  }

  /// The positions in the list that were not taken, ascending.
  var remaining: [Int] {
    if takenCount == range.count { return [] }
    return range.filter { !isTaken[$0 - range.lowerBound] }
  }
}

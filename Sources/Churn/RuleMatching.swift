import Netfilter

/// Which rules of two lists are the same ones, the k-th of equal rules in one list being the k-th in
/// the other.
///
/// Most lists differ in a small part, so what both begin with and what both end with is left out of
/// ``common``. That changes no difference, for such rules stand in every longest increasing
/// subsequence: they are matched with each other, and all other matches lie on one side of them.
///
/// - A common beginning holds each rule as often in both lists: so its rules match each other, and
///   those behind it are counted alike.
/// - A common end does so only where the parts before it hold its rules equally often. From `q r`,
///   the end of `r q r`, the `r` matches the first `r`. So the end goes as far as its rules differ
///   from all that are added or removed before it.
struct RuleMatching {
  /// The positions in the old list of rules without a counterpart, ascending.
  private(set) var removed: [Int] = []
  /// The positions in the new list of rules without a counterpart, ascending.
  private(set) var added: [Int] = []
  /// The other rules, ascending by position in the new list, but for a common beginning and end.
  private(set) var common: [ChainDifference.Move] = []

  private let old: RuleList
  private let new: RuleList

  init(from old: RuleList, to new: RuleList) {
    self.old = old
    self.new = new
    let beginning = Self.lengthOfCommonBeginning(old, new)
    let end = Self.lengthOfCommonEnd(old, new, after: beginning)
    match(from: beginning, leaving: end)
    let sound = lengthOfSoundEnd(end)
    if sound < end { match(from: beginning, leaving: sound) }
  }

  /// Matches all rules from `start` to where `end` rules remain.
  private mutating func match(from start: Int, leaving end: Int) {
    removed.removeAll()
    added.removeAll()
    common.removeAll()
    var index = OccurrenceIndex(of: old, in: start..<old.count - end)
    common.reserveCapacity(min(old.count, new.count) - start - end)
    for position in start..<new.count - end {
      if let counterpart = index.takeFirst(of: RuleLine(new.line(at: position))) {
        common.append(ChainDifference.Move(from: counterpart, to: position))
      } else {
        added.append(position)
      }
    }
    removed = index.remaining
  }

  /// How many of the last `end` rules can be left out: none of them is one that the part before
  /// holds more often in one list than in the other.
  private func lengthOfSoundEnd(_ end: Int) -> Int {
    if end == 0 || removed.isEmpty && added.isEmpty { return end }
    var unbalanced = Set(removed.map { RuleLine(old.line(at: $0)) })
    for position in added { unbalanced.insert(RuleLine(new.line(at: position))) }
    var length = 0
    while length < end,
      !unbalanced.contains(RuleLine(new.line(at: new.count - 1 - length)))
    {
      length += 1
    }
    return length
  }

  private static func lengthOfCommonBeginning(_ old: RuleList, _ new: RuleList) -> Int {
    let limit = min(old.count, new.count)
    var length = 0
    while length < limit, old.line(at: length) == new.line(at: length) { length += 1 }
    return length
  }

  private static func lengthOfCommonEnd(
    _ old: RuleList, _ new: RuleList, after beginning: Int
  ) -> Int {
    let limit = min(old.count, new.count) - beginning
    var length = 0
    while length < limit,
      old.line(at: old.count - 1 - length) == new.line(at: new.count - 1 - length)
    {
      length += 1
    }
    return length
  }
}

/// A rule's canonical bytes as a key, held where they lie in the list.
struct RuleLine: Hashable {
  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// Hashes all bytes at once. An array feeds them to the hasher one by one, with which the comparison of two
  /// shuffled lists takes three times as long.
  func hash(into hasher: inout Hasher) {
    unsafe bytes.withUnsafeBytes { bytes in unsafe hasher.combine(bytes: bytes) }
  }
}

/// Where the rules of a part of a list stand, equal ones in their order, each to be taken once.
struct OccurrenceIndex {
  private let range: Range<Int>
  /// The first position of each rule that is not yet taken.
  private var firstPositions: [RuleLine: OptionalIndex] = [:]
  /// For each position of the range, the next of an equal rule.
  private var nextPositions: [OptionalIndex]
  private var isTaken: [Bool]

  init(of list: RuleList, in range: Range<Int>) {
    self.range = range
    nextPositions = Array(repeating: .none, count: range.count)
    isTaken = Array(repeating: false, count: range.count)
    firstPositions.reserveCapacity(range.count)
    for position in range.reversed() {
      let rule = RuleLine(list.line(at: position))
      if let next = firstPositions.updateValue(OptionalIndex(position), forKey: rule) {
        nextPositions[position - range.lowerBound] = next
      }
    }
  }

  /// Takes the first occurrence of `rule` that is left, and returns its position in the list; nil
  /// where none is left.
  mutating func takeFirst(of rule: RuleLine) -> Int? {
    guard let entry = firstPositions.index(forKey: rule),
      let position = firstPositions.values[entry].index
    else { return nil }
    firstPositions.values[entry] = nextPositions[position - range.lowerBound]
    isTaken[position - range.lowerBound] = true
    return position
  }

  /// The positions in the list that were not taken, ascending.
  var remaining: [Int] { range.filter { !isTaken[$0 - range.lowerBound] } }
}

/// The longest increasing subsequence of distinct numbers; of several equally long, the one whose
/// members stand first.
///
/// "First" means that the members' positions, read as a list, are lexicographically smallest. Takes
/// O(n log n) time, and O(n) where the numbers ascend.
enum LongestIncreasingSubsequence {
  /// Returns for each of the numbers whether it belongs to the subsequence.
  static func membership(of numbers: [Int]) -> [Bool] {
    let lengths = lengths(from: numbers)
    var isMember = Array(repeating: false, count: numbers.count)
    var missing = lengths.max() ?? 0
    var last = Int.min
    // The first number that can still begin a sequence of the missing length: no other choice
    // stands before it, and the rest of the way is as open to it as to any.
    for (index, number) in numbers.enumerated() where lengths[index] == missing && number > last {
      isMember[index] = true
      missing -= 1
      last = number
    }
    return isMember
  }

  /// For each position, the length of the longest increasing subsequence that begins there.
  private static func lengths(from numbers: [Int]) -> [Int] {
    var lengths = Array(repeating: 0, count: numbers.count)
    // At index k, the greatest number yet met that begins a sequence of k + 1: so they descend.
    var greatestHeads: [Int] = []
    for index in numbers.indices.reversed() {
      let number = numbers[index]
      let rest = countOfElements(above: number, inDescending: greatestHeads)
      if rest == greatestHeads.count {
        greatestHeads.append(number)
      } else {
        greatestHeads[rest] = number
      }
      lengths[index] = rest + 1
    }
    return lengths
  }

  private static func countOfElements(above number: Int, inDescending elements: [Int]) -> Int {
    if let last = elements.last, last > number { return elements.count }
    return elements.indices.partitionPoint { elements[$0] > number }
  }
}

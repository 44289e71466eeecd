internal import Netfilter

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

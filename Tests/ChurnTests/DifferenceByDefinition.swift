import Churn

/// The difference of two lists as the contract words it, without regard to time.
struct DifferenceByDefinition {
  let removed: [Int]
  let added: [Int]
  let moved: [ChainDifference.Move]
  /// The rules in both, moved or not, by position in the new list.
  let common: [ChainDifference.Move]

  init(from old: [Int], to new: [Int]) {
    var common: [ChainDifference.Move] = []
    for (position, rule) in new.enumerated() {
      let earlier = new[..<position].count { $0 == rule }
      let occurrences = old.indices.filter { old[$0] == rule }
      if earlier < occurrences.count {
        common.append(ChainDifference.Move(from: occurrences[earlier], to: position))
      }
    }
    let kept = Self.kept(of: common)
    removed = old.indices.filter { position in !common.contains { $0.from == position } }
    added = new.indices.filter { position in !common.contains { $0.to == position } }
    moved = common.filter { !kept.contains($0.to) }
    self.common = common
  }

  /// The positions in the new list of the rules that stay: for each common rule the best list that
  /// begins with it is known from the best lists of those behind it.
  private static func kept(of common: [ChainDifference.Move]) -> [Int] {
    var best: [(from: Int, kept: [Int])] = []
    for rule in common.reversed() {
      let rest = best.filter { $0.from > rule.from }.map(\.kept).min(by: isBetter) ?? []
      best.append((rule.from, [rule.to] + rest))
    }
    return best.map(\.kept).min(by: isBetter) ?? []
  }

  private static func isBetter(_ left: [Int], _ right: [Int]) -> Bool {
    left.count != right.count ? left.count > right.count : left.lexicographicallyPrecedes(right)
  }
}

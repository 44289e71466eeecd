internal import Churn
internal import Netfilter

/// Tells which of the rules that two readings of a table hold were written again in between.
struct RewrittenRules {
  private let old: TableSnapshot
  private let new: TableSnapshot
  private let hasHandles: Bool

  /// Nil where none was, or nothing can tell: one reading has handles, and the other none.
  ///
  /// - Parameter difference: What changed in the table; nil where nothing did.
  init?(from old: TableSnapshot, to new: TableSnapshot, _ difference: TableDifference?) {
    guard old.handles.isEmpty == new.handles.isEmpty else { return nil }
    self.old = old
    self.new = new
    hasHandles = !new.handles.isEmpty
    if difference == nil, !hasAnyAtSamePosition { return nil }
  }

  /// Whether a rule was written again.
  ///
  /// A new handle tells so. Without handles only counters that fell do, for that a rule whose counters
  /// start again does.
  ///
  /// - Parameters:
  ///   - oldPosition: Its position in the old reading, counted over all chains.
  ///   - newPosition: The same in the new one.
  @inline(__always)
  func contains(from oldPosition: Int, to newPosition: Int) -> Bool {
    hasHandles
      ? new.handles[newPosition] != old.handles[oldPosition]
      : new.counters[newPosition].hasFallen(from: old.counters[oldPosition])
  }

  private var hasAnyAtSamePosition: Bool {
    if hasHandles { return old.handles != new.handles }
    return new.counters.indices.contains { contains(from: $0, to: $0) }
  }
}

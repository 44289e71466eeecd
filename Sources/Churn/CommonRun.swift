/// Rules that both of two lists hold, one behind the other in each.
public struct CommonRun: Sendable, Hashable {
  /// Where the run begins in the old list.
  public let from: Int
  /// Where the run begins in the new list.
  public let to: Int
  public let count: Int

  public init(from: Int, to: Int, count: Int) {
    self.from = from
    self.to = to
    self.count = count
  }

  /// The run as it stands where each list begins at another position.
  func shifted(from oldStart: Int, to newStart: Int) -> CommonRun {
    CommonRun(from: oldStart + from, to: newStart + to, count: count)
  }
}

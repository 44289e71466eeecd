/// An index of some list, or none, in four bytes: there may be one for each of 100,000 rules.
public struct OptionalIndex: Sendable, Hashable {
  @usableFromInline let code: Int32

  public static let none = OptionalIndex(nil)

  @inlinable
  public init(_ index: Int?) { code = index.map(Int32.init) ?? -1 }

  @inlinable
  public var index: Int? { code < 0 ? nil : Int(code) }
}

extension Range<Int> {
  /// Finds an element by binary search; nil if it isn't there.
  ///
  /// - Parameter value: Returns the element at an index. The elements ascend.
  @inlinable
  public func sortedIndex<Value: Comparable>(of wanted: Value, _ value: (Int) -> Value) -> Int? {
    let index = partitionPoint { value($0) < wanted }
    return index < upperBound && value(index) == wanted ? index : nil
  }

  /// Finds the first index for which `precedes` is false, by binary search. Returns the upper bound if there is none.
  ///
  /// - Parameter precedes: True for a first part of the range, and false for the rest.
  @inlinable
  public func partitionPoint(where precedes: (Int) -> Bool) -> Int {
    var (low, high) = (lowerBound, upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if precedes(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension Array where Element: Comparable {
  /// The index of an element of a sorted list; nil if it isn't there.
  @inlinable
  public func sortedIndex(of element: Element) -> Int? {
    indices.sortedIndex(of: element) { self[$0] }
  }
}

/// Where rule sets come from: the kernel, or a saved file.
///
/// A source remembers its last reading, so that what did not change is neither rendered nor stored
/// again: `TableSnapshot.content` is then the same object. A source is used by one thread at a time.
public protocol RulesetSource: AnyObject {
  /// Reads every family once, each with its own outcome: one that fails takes no other with it.
  ///
  /// - Parameter counters: those that must be of this moment. Others may be as old as the last reading
  ///   that wanted them; none of them is older than its rule.
  func read(_ counters: CounterSelection) -> RulesetReading

  /// Whether the rules may have changed since the last reading, for who wants to know without reading:
  /// it takes microseconds. A source that can't tell says no.
  func mayHaveChanged() -> Bool
}

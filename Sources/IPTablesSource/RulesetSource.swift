/// Where rule sets come from: the kernel, or a saved file.
///
/// A source remembers its last reading, so that what did not change is neither decoded nor stored
/// again: `TableSnapshot.content` is then the same object. A source is used by one thread at a time.
public protocol RulesetSource: AnyObject {
  /// Reads every family once, each with its own outcome: one that fails takes no other with it.
  func read() -> [FamilyReading]
}

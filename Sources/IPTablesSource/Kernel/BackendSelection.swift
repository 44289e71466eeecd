/// Which of the kernel's backends are read; the raw value is the flag's.
public enum BackendSelection: String, Sendable, Hashable, CaseIterable {
  /// That which is chosen by what both hold; of the other, what it holds, when that changed.
  case auto
  case legacy
  case nft
  /// Both, at each reading.
  case both
}

/// Which of a rule set's counters somebody wants.
public struct CounterSelection: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Those of the built-in chains' policies.
  public static let policies = CounterSelection(rawValue: 1)
  /// Those of the rules that translate the destination, whose packets are new connections.
  public static let connections = CounterSelection(rawValue: 2)
  public static let all: CounterSelection = [.policies, .connections]
}

/// Which of a rule set's counters somebody wants.
public struct CounterSelection: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Those of the built-in chains' policies.
  public static let policies = CounterSelection(rawValue: 1)
  /// Those of the rules that translate the destination, whose packets are new connections.
  public static let connections = CounterSelection(rawValue: 2)
  /// Those of all rules, the ones that translate the destination included.
  public static let rules = CounterSelection(rawValue: 4).union(.connections)
  public static let all: CounterSelection = [.policies, .rules]
}

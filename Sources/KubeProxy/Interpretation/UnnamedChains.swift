/// How many service chains are dispatched to by no rule that proves whose they are, and why none does.
///
/// Their service ports can't be named: a chain's name is a hash, which only confirms a name that
/// somebody says.
public struct UnnamedChains: Sendable, Hashable {
  /// Chains that only rules lead to whose comments name no service port, or that have none.
  public private(set) var withoutName = 0
  /// Chains whose hash is that of no service port that the rules leading to them name.
  public private(set) var contradicted = 0

  public init() {}

  public var count: Int { withoutName + contradicted }

  /// The numbers, by the names that the commands' JSON has for them.
  public var parts: KeyValuePairs<String, Int> {
    ["without_name": withoutName, "contradicted": contradicted]
  }

  /// Adds a chain.
  mutating func add(isNamed: Bool) {
    if isNamed { contradicted += 1 } else { withoutName += 1 }
  }

  public static func + (left: UnnamedChains, right: UnnamedChains) -> UnnamedChains {
    var sum = left
    sum.withoutName += right.withoutName
    sum.contradicted += right.contradicted
    return sum
  }

  /// The notice for people; nil where every chain has a name.
  public var notice: String? {
    if count == 0 { return nil }
    let chains = count == 1 ? "1 service chain is" : "\(count) service chains are"
    let reasons = [
      (withoutName, "no comment says whose"),
      (contradicted, "the chain's hash contradicts the comment"),
    ].filter { $0.0 > 0 }
    let words = reasons.map { reasons.count == 1 ? $0.1 : "\($0.1) (\($0.0))" }
    return "\(chains) of no known service port: \(words.joined(separator: ", or "))"
  }
}

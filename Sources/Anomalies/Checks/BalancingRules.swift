internal import KubeProxy
internal import Netfilter

/// The endpoints that a chain's rules balance over, and with what probabilities.
///
/// kube-proxy gives the first of n rules the probability 1/n, the next 1/(n - 1), and the last none:
/// that, and nothing else, makes equal shares.
struct BalancingRules {
  /// The rules that lead to endpoints, but for those of session affinity, which are for some clients.
  private var rules: [(position: Int, probability: Double?)] = []
  /// Whether no rule leads to an endpoint, nor sends away what has none.
  private(set) var lacksEndpoint = true

  init(_ list: RuleList) {
    for (position, rule) in list.enumerated() {
      switch list.outcome(at: position) {
      case .chain(let name):
        if name == .kubeMarkDrop { lacksEndpoint = false }
        guard case .service(.endpoint, _) = ChainRole(name) else { continue }
        lacksEndpoint = false
        let share = rule.share
        if share != nil || !rule.isAffinity { rules.append((position, share)) }
      case .blocked: lacksEndpoint = false
      default: break
      }
    }
  }

  /// The rules that don't have the probability they should have; nil where all do.
  ///
  /// Up to 1.19 kube-proxy wrote probabilities with 5 decimals, later with 10; the kernel keeps 31 bits.
  var fault: EndpointShareFault? {
    let wrong = rules.indices.filter { index in
      guard let probability = rules[index].probability else { return true }
      let expected = 1 / Double(rules.count - index)
      return abs(probability - expected) > 0.000_005_1
    }
    guard let first = wrong.first else { return nil }
    return EndpointShareFault(
      positions: wrong.map { rules[$0].position }, endpoints: rules.count,
      left: rules.count - first, probability: rules[first].probability)
  }
}

/// Rules that give endpoints unequal shares.
struct EndpointShareFault: Sendable {
  let positions: [Int]
  /// How many endpoints the chain balances over.
  let endpoints: Int
  /// How many of them are left where the first of the rules stands, and the probability that it has; nil
  /// where it has other conditions.
  let left: Int
  let probability: Double?
}

extension Rule {
  /// Whether it is for clients that are bound to an endpoint already.
  fileprivate var isAffinity: Bool {
    var isAffinity = false
    forEachElement { element, line, _ in
      if element.kind == .match, line.isText("recent", element.name) { isAffinity = true }
    }
    return isAffinity
  }
}

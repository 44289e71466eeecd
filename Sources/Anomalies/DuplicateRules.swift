internal import KubeProxy
internal import Netfilter

/// Finds rules that a chain holds more than once.
enum DuplicateRules {
  /// The positions of equal rules, for each that there is more than one of.
  ///
  /// - Parameter isFirewall: Whether the chain is a KUBE-FW one. Up to 1.23 kube-proxy fills it once for
  ///   each address of the load balancer, with the same rules; each time they end in a jump to
  ///   KUBE-MARK-DROP.
  static func find(in rules: RuleList, isFirewall: Bool = false) -> [[Int]] {
    if !isFirewall { return find(in: rules, 0..<rules.count) }
    var found: [[Int]] = []
    var start = 0
    for position in 0..<rules.count {
      let isEnd = rules.chain(at: position) == .kubeMarkDrop
      guard isEnd || position == rules.count - 1 else { continue }
      if isEnd, start == position, start > 0 {
        found.append([position - 1, position])
      } else {
        found += find(in: rules, start..<position + 1)
      }
      start = position + 1
    }
    return found
  }

  private static func find(in rules: RuleList, _ range: Range<Int>) -> [[Int]] {
    var keys = range.map { key(rules.line(at: $0)) }
    keys.sort()
    // Nearly all chains have no two rules that even look alike.
    guard zip(keys, keys.dropFirst()).contains(where: ==) else { return [] }
    return Dictionary(grouping: range) { rules.line(at: $0) }.values.filter { $0.count > 1 }
      .sorted { $0[0] < $1[0] }
  }

  /// Tells lines apart by their length and by what lies at both ends: addresses in front, behind them ports
  /// and the target.
  private static func key(_ line: ArraySlice<UInt8>) -> UInt64 {
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
      bytes.reduce(0) { ($0 << 7 | $0 >> 57) ^ UInt64($1) }
    }
    return word(line.prefix(16)) &* 0x9e37_79b9_7f4a_7c15 ^ word(line.suffix(16))
      &+ UInt64(line.count)
  }

  /// The finding for equal rules, which stand at these positions of a chain.
  static func finding(
    _ positions: [Int], in content: TableContent, _ chain: Int, _ map: ServiceMap
  ) -> Finding {
    content.finding(
      .duplicateRule, chain: chain, positions,
      servicePort: map.servicePort(ofRule: positions[0], ofChainAt: chain, in: content),
      mark: content.chains[chain].rules.line(at: positions[0]).hashValue,
      "\(content.chains[chain].name) holds the rule \(positions.count) times")
  }
}

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
    if rules.count < 2 { return [] }
    if !isFirewall { return find(in: rules, 0..<rules.count) }
    var found: [[Int]] = []
    var start = 0
    for position in 0..<rules.count {
      let isEnd = rules.outcome(at: position) == .chain(.kubeMarkDrop)
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
    // Most chains have but a few rules.
    if range.count <= 8, !holdsEqual(rules, range) { return [] }
    // Told apart by what lies at both ends of a line (addresses in front, behind them ports and
    // the target), and compared where that is the same.
    var positions: [Key: [Int]] = [:]
    var suspects: Set<Key> = []
    positions.reserveCapacity(range.count)
    for position in range {
      let key = Key(rules.line(at: position))
      if positions[key, default: []].isEmpty == false { suspects.insert(key) }
      positions[key, default: []].append(position)
    }
    var found: [[Int]] = []
    for key in suspects { found += equal(positions[key] ?? [], in: rules) }
    return found.sorted { $0[0] < $1[0] }
  }

  private static func holdsEqual(_ rules: RuleList, _ range: Range<Int>) -> Bool {
    let lines = range.map { rules.line(at: $0) }
    for (index, rule) in lines.enumerated() {
      for other in lines[..<index] where other.count == rule.count && other == rule { return true }
    }
    return false
  }

  /// Of rules that look alike, those that are equal.
  private static func equal(_ positions: [Int], in rules: RuleList) -> [[Int]] {
    var groups: [ArraySlice<UInt8>: [Int]] = [:]
    for position in positions { groups[rules.line(at: position), default: []].append(position) }
    return groups.values.filter { $0.count > 1 }
  }

  /// The finding for equal rules, which stand at these positions of a chain.
  static func finding(
    _ positions: [Int], in content: TableContent, _ chain: Int, _ map: ServiceMap
  ) -> Finding {
    let (name, rules) = (content.chains[chain].name, content.chains[chain].rules)
    return Finding(
      .duplicateRule, in: content, chains: [name], rules: content.places(positions, in: chain),
      servicePort: map.servicePort(ofRule: positions[0], ofChainAt: chain, in: content),
      mark: rules.line(at: positions[0]).hashValue,
      "\(name) holds the rule \(positions.count) times")
  }

  private struct Key: Hashable {
    let front: UInt64
    let back: UInt64
    let count: Int

    init(_ line: ArraySlice<UInt8>) {
      func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { ($0 << 7 | $0 >> 57) ^ UInt64($1) }
      }
      front = word(line.prefix(16))
      back = word(line.suffix(16))
      count = line.count
    }
  }
}

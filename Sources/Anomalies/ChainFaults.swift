internal import KubeProxy
internal import Netfilter

/// What is wrong with a chain, judged by its own name and rules alone. So it holds for as long as they
/// don't change.
struct ChainFaults: Sendable {
  /// The positions of rules whose comments contradict the chain's name.
  var contradictions: [Int] = []
  /// The positions of equal rules, for each that there is more than one of.
  var duplicates: [[Int]] = []
  /// The rules whose probabilities give endpoints unequal shares.
  var shares: EndpointShareFault?
  /// Whether a service port's or an endpoint's chain has no rules.
  var isEmpty = false
  /// Whether a chain that should balance leads to no endpoint, nor sends away what has none.
  var lacksEndpoint = false
  /// The rules that drop, accept or return everything.
  var unguarded = UnguardedRules(in: RuleList())
  /// Other rules that translate or accept packets where kube-proxy only leads them on.
  var intercepting: [Int] = []

  /// Nil where the chain is not kube-proxy's or the kubelet's, or nothing is wrong.
  init?(ofChainAt index: Int, in nat: TableContent, _ map: ServiceMap) {
    let name = nat.chains[index].name
    let rules = nat.chains[index].rules
    switch ChainRole(name) {
    case .service(let family, let hash):
      isEmpty = rules.isEmpty
      if isEmpty { return }
      unguarded = UnguardedRules(in: rules)
      duplicates = DuplicateRules.find(in: rules, isFirewall: family == .firewall)
      contradictions = rules.indices.filter { position in
        let line = rules.line(at: position)
        let bytes = line.span
        guard let range = RuleOutline.comment(in: bytes) else { return false }
        let comment = bytes.extracting(range)
        return family == .endpoint
          ? map.contradictsEndpoint(comment, chain: index) : map.contradicts(comment, hash)
      }
      if family != .endpoint {
        intercepting = rules.indices.filter {
          rules.line(at: $0).span.endsTranslation && !unguarded.contains($0)
        }
      }
      if family.balances {
        let balancing = BalancingRules(rules)
        // What an unguarded verdict takes, no endpoint gets.
        lacksEndpoint = balancing.steps.isEmpty && !balancing.blocks && unguarded.isEmpty
        // An endpoint that the same rule leads to twice has been found already.
        if duplicates.isEmpty, unguarded.isEmpty { shares = EndpointShareFault(balancing) }
      } else if family == .external, unguarded.isEmpty {
        // It leads to another chain of the service port, which balances.
        lacksEndpoint = !rules.jumps.contains { ChainRole($0.target).isService }
      }
    case _ where name.isFilled:
      duplicates = DuplicateRules.find(in: rules)
      // Of those that dispatch, only rules without an owner need to be looked at; and of the plumbing it is
      // told what a verdict keeps from happening.
      if name == .kubeMarkDrop { unguarded = UnguardedRules(in: rules) }
    case .dispatch, .system, .other: return nil
    }
    if !lacksEndpoint, shares == nil, contradictions.isEmpty, duplicates.isEmpty,
      unguarded.isEmpty, intercepting.isEmpty
    {
      return nil
    }
  }
}

extension Span<UInt8> {
  /// Whether the rule's target is one after which nat has no more rules for the packet.
  fileprivate var endsTranslation: Bool {
    var elements = LineElements()
    while let element = elements.next(self) {
      guard element.kind == .target else { continue }
      return ["DNAT", "REDIRECT", "NETMAP", "ACCEPT"].contains { isText($0, element.name) }
    }
    return false
  }
}

extension ChainName {
  /// Whether it is one of the chains, besides those of service ports, that kube-proxy or the kubelet fills.
  /// Other agents have names of their own that begin with KUBE-.
  var isFilled: Bool { ChainRole(self) == .dispatch || Self.plumbing.contains(self) }

  private static let plumbing: [ChainName] = [
    .kubeForward, .kubeFirewall, .kubeMarkDrop, .kubeMarkMasq, .kubePostrouting,
  ]
}

/// Rules that give endpoints unequal shares.
///
/// kube-proxy gives the first of n rules the probability 1/n, the next 1/(n - 1), and the last none.
struct EndpointShareFault: Sendable {
  private(set) var positions: [Int] = []
  /// How many endpoints the chain balances over.
  private let endpoints: Int
  /// What is wrong with the first of the rules: how many endpoints are left there, or nil if its own has got
  /// its share already; and what it takes of what is left, or nil if it has other conditions.
  private var first: (left: Int?, part: Double?) = (nil, nil)
  /// The share of the connections that comes to the end of the chain, and so to no endpoint.
  private let lost: Double

  /// Nil where the endpoints get equal shares.
  ///
  /// Up to 1.19 kube-proxy wrote probabilities with 5 decimals, later with 10; the kernel keeps 31 bits.
  init?(_ balancing: BalancingRules) {
    // Rules of session affinity are for some clients only.
    let steps = balancing.steps.lazy.filter { !$0.isAffinity }
    var unnamed = Set(steps.map(\.endpoint))
    endpoints = unnamed.count
    let isChance = steps.allSatisfy { $0.part != nil }
    lost = isChance ? balancing.rest : 0
    for step in steps {
      let left = unnamed.count
      let isFirst = unnamed.remove(step.endpoint) != nil
      let expected = isFirst ? 1 / Double(left) : 0
      if step.part.map({ abs($0 - expected) > 0.000_005_1 }) ?? true {
        if positions.isEmpty { first = (isFirst ? left : nil, step.part) }
        positions.append(step.position)
      }
    }
    if positions.isEmpty { return nil }
    // Several rules together may give an endpoint what it should have.
    let equal = 1 / Double(endpoints)
    if isChance,
      balancing.shares.allSatisfy({ abs($0.share - equal) < 1e-9 })
    {
      return nil
    }
  }

  /// Whether some connections get to no endpoint. kube-proxy's own rounding leaves none.
  var hasGap: Bool { lost > 0.000_1 }

  /// What it comes to in a chain of that name.
  func description(_ chain: ChainName) -> String {
    let chain = "\(chain) balances over \(Finding.count(endpoints, "endpoint"))"
    if hasGap {
      return
        "\(chain), and \(Self.percent(lost)) of the connections come to its end, and to none of them"
    }
    guard let part = first.part else { return "\(chain), but not by chance alone" }
    guard let left = first.left else { return "\(chain), of which one gets another share" }
    return "\(chain): where \(left) of them are left, the next gets \(Self.percent(part)) of the "
      + "connections instead of \(Self.percent(1 / Double(left)))"
  }

  private static func percent(_ share: Double) -> String {
    let hundredths = Int((share * 10_000).rounded())
    return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10) %"
  }
}

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

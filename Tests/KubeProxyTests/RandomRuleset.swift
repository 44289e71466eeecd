import Netfilter
import TestSupport

/// Rules such as kube-proxy writes for a few service ports, to which things happen at random that do
/// happen and that should not.
///
/// There are few names, addresses and ports, so that they meet. The same seed gives the same rules.
struct RandomRuleset {
  /// The chains of nat.
  var nat: [Chain] = []
  /// The chains of filter.
  var filter: [Chain] = []
  var random: SplitMix64
  /// Service ports' names, as they stand in comments; some name none.
  let literals: [String]
  let protocols: [String]

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    // Of the rarer meetings, most are of names that are nearly the same.
    let isNarrow = seed % 2 == 1
    literals = isNarrow ? ["shop/web", "shop/web:", "shop/cart"] : Self.allLiterals
    protocols = isNarrow ? ["tcp"] : ["tcp", "udp", "sctp"]
    for name in ["PREROUTING", "OUTPUT"] as [ChainName] {
      nat.append(Chain(name: name, policy: .accept, rules: RuleList(["-j KUBE-SERVICES"])))
    }
    let names: [ChainName] = [
      "KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-MARK-MASQ", "KUBE-EXTERNAL-SERVICES",
      "KUBE-PROXY-FIREWALL",
    ]
    nat += names.prefix(3).map { Chain(name: $0) }
    filter += names.map { Chain(name: $0) }
    edit(chain: "KUBE-SERVICES", of: \.nat) { rules in
      rules.append(#"-m comment --comment "kubernetes service nodeports" -j KUBE-NODEPORTS"#)
    }
    for _ in 0..<6 { addService() }
  }

  var natContent: TableContent { TableContent(family: .ipv4, name: .nat, chains: nat) }
  var filterContent: TableContent { TableContent(family: .ipv4, name: .filter, chains: filter) }

  private static let allLiterals = [
    "shop/web", "shop/web:", "shop/web:http", "shop/cart", "shop/cart:dns", "kube-system/kube-dns:",
    "kube-system/kube-dns:dns", "a/b:c:d", "a/b-c", "a/b", "shop/:http", "Shop/web", "a/b/c",
  ]
  static let purposes = [
    "", " cluster IP", " external IP", " -> 10.0.0.1:80", " has no endpoints",
    " has no local endpoints", " health check node port", " traffic not accepted by KUBE-FW-",
  ]

  mutating func pick<Element>(_ elements: some RandomAccessCollection<Element>) -> Element? {
    elements.randomElement(using: &random)
  }

  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

  mutating func chance(_ percent: Int) -> Bool { number(0..<100) < percent }

  /// Changes a chain's rules; makes the chain where there is none.
  mutating func edit(
    chain name: ChainName, of table: WritableKeyPath<RandomRuleset, [Chain]>,
    _ change: (inout [Rule]) -> Void
  ) {
    let index = self[keyPath: table].firstIndex { $0.name == name }
    let former = index.map { self[keyPath: table][$0] } ?? Chain(name: name)
    var rules = Array(former.rules)
    change(&rules)
    let chain = Chain(name: name, policy: former.policy, rules: RuleList(rules))
    if let index {
      self[keyPath: table][index] = chain
    } else {
      let place = number(0..<self[keyPath: table].count + 1)
      self[keyPath: table].insert(chain, at: place)
    }
  }

  /// A rule as it dispatches: for a random destination, so that the same ones meet.
  mutating func dispatchRule(
    _ comment: String?, _ transport: String, _ target: String
  ) -> Rule {
    let port = 80 + number(0..<3)
    let destination = chance(80) ? "-d 10.96.0.\(number(0..<4))/32 " : ""
    let rest = ["-m \(transport) --dport \(port)", target].filter { !$0.isEmpty }
      .joined(separator: " ")
    guard let comment else {
      return Rule(stringLiteral: "\(destination)-p \(transport) \(rest)")
    }
    return Rule("\(destination)-p \(transport)", comment: comment.utf8, rest)
  }

  /// The same conditions with another target.
  static func redirect(_ rule: Rule, _ target: String) -> Rule {
    let target = Array(target.utf8)
    var isReplaced = false
    let changed = rule.replacing { element, line, owner in
      guard element.kind == .target || element.kind == .goto, !isReplaced else { return nil }
      isReplaced = true
      return (element.name.lowerBound - 3..<line.count, target)
    }
    if isReplaced { return changed }
    return Rule(line: rule.line + (rule.line.isEmpty ? [] : [UInt8(ascii: " ")]) + target)
  }

  /// Adds or changes a service port as kube-proxy does.
  mutating func addService() {
    guard let literal = pick(literals), let transport = pick(protocols) else { return }
    let hash = chainHashText(of: literal + transport)
    var leadsTo: [ChainName] = []
    for prefix in ["KUBE-SVC-", "KUBE-SVL-"] where prefix == "KUBE-SVC-" || chance(20) {
      let endpoints = (0..<(chance(5) ? 20 : number(0..<4))).compactMap { _ in
        addEndpoint(literal, transport)
      }
      let doubled = chance(15) ? endpoints + endpoints : endpoints
      leadsTo.append(ChainName(prefix + hash) ?? "")
      edit(chain: ChainName(prefix + hash) ?? "", of: \.nat) { rules in
        rules = doubled.map { Rule(stringLiteral: "-j \($0)") }
      }
    }
    if chance(40) {
      edit(chain: ChainName("KUBE-EXT-" + hash) ?? "", of: \.nat) { rules in
        rules = leadsTo.map { Rule(stringLiteral: "-j \($0)") }
      }
      leadsTo = [ChainName("KUBE-EXT-" + hash) ?? ""]
      dispatch(literal, transport, to: leadsTo[0], from: "KUBE-NODEPORTS")
    }
    dispatch(literal + " cluster IP", transport, to: leadsTo[0], from: "KUBE-SERVICES")
  }

  mutating func dispatch(
    _ comment: String, _ transport: String, to chain: ChainName, from dispatcher: ChainName
  ) {
    let rule = dispatchRule(chance(90) ? comment : nil, transport, "-j \(chain)")
    var added = [rule]
    if chance(30) { added.insert(Self.redirect(rule, "-j KUBE-MARK-MASQ"), at: 0) }
    let place = number(0..<100)
    edit(chain: dispatcher, of: \.nat) { rules in
      rules.insert(contentsOf: added, at: place % (rules.count + 1))
    }
  }

  /// Makes an endpoint's chain, and tells its name.
  mutating func addEndpoint(_ literal: String, _ transport: String) -> ChainName? {
    let translation = "10.0.0.\(number(0..<30)):\(80 + number(0..<2))"
    let name = ChainName(
      "KUBE-SEP-" + chainHashText(of: "\(literal)\(transport)\(translation)"))
    guard let name else { return nil }
    let hairpin = chance(70)
    let comment = chance(50)
    edit(chain: name, of: \.nat) { rules in
      let targets = ["-j KUBE-MARK-MASQ", "-j DNAT --to-destination \(translation)"]
      rules = targets.suffix(hairpin ? 2 : 1).map {
        comment ? Rule(comment: literal.utf8, $0) : Rule(stringLiteral: $0)
      }
    }
    return name
  }
}

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
  let protocols: [(name: String, match: ProtocolMatch)]

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    // Of the rarer meetings, most are of names that are nearly the same.
    let isNarrow = seed % 2 == 1
    literals = isNarrow ? ["shop/web", "shop/web:", "shop/cart"] : Self.allLiterals
    protocols = isNarrow ? [("tcp", .tcp)] : [("tcp", .tcp), ("udp", .udp), ("sctp", .sctp)]
    for name in ["PREROUTING", "OUTPUT"] as [ChainName] {
      nat.append(
        Chain(
          name: name, policy: .accept, rules: RuleList([Rule(target: .jump("KUBE-SERVICES"))])))
    }
    let names: [ChainName] = [
      "KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-MARK-MASQ", "KUBE-EXTERNAL-SERVICES",
      "KUBE-PROXY-FIREWALL",
    ]
    nat += names.prefix(3).map { Chain(name: $0) }
    filter += names.map { Chain(name: $0) }
    edit(chain: "KUBE-SERVICES", of: \.nat) { rules in
      rules.append(
        Rule(
          matches: [.comment(ByteString("kubernetes service nodeports"))],
          target: .jump("KUBE-NODEPORTS")))
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
    _ comment: String?, _ transport: ProtocolMatch, _ target: Target
  ) -> Rule {
    let port = PortRange(first: UInt16(80 + number(0..<3)), last: UInt16(82))
    let single = PortRange(first: port.first, last: port.first)
    var matches: [Match] = []
    if chance(80) {
      matches.append(
        .destination(
          AddressMatch(
            address: IPAddress(ipv4: 0x0a60_0000 + UInt32(number(0..<4))),
            mask: IPAddress(ipv4: .max))))
    }
    matches.append(.protocol(transport))
    if let comment { matches.append(.comment(ByteString(comment))) }
    switch transport {
    case .tcp: matches.append(.tcp(TCPMatch(destination: single)))
    case .udp: matches.append(.udp(UDPMatch(destination: single)))
    default: matches.append(.sctp(SCTPMatch(destination: single)))
    }
    return Rule(matches: matches, target: target)
  }

  /// Adds or changes a service port as kube-proxy does.
  mutating func addService() {
    guard let literal = pick(literals), let transport = pick(protocols) else { return }
    let hash = chainHashText(of: literal + transport.name)
    var leadsTo: [ChainName] = []
    for prefix in ["KUBE-SVC-", "KUBE-SVL-"] where prefix == "KUBE-SVC-" || chance(20) {
      let endpoints = (0..<(chance(5) ? 20 : number(0..<4))).compactMap { _ in
        addEndpoint(literal, transport.name)
      }
      let doubled = chance(15) ? endpoints + endpoints : endpoints
      leadsTo.append(ChainName(prefix + hash) ?? "")
      edit(chain: ChainName(prefix + hash) ?? "", of: \.nat) { rules in
        rules = doubled.map { Rule(target: .jump($0)) }
      }
    }
    if chance(40) {
      edit(chain: ChainName("KUBE-EXT-" + hash) ?? "", of: \.nat) { rules in
        rules = leadsTo.map { Rule(target: .jump($0)) }
      }
      leadsTo = [ChainName("KUBE-EXT-" + hash) ?? ""]
      dispatch(literal, transport.match, to: leadsTo[0], from: "KUBE-NODEPORTS")
    }
    dispatch(literal + " cluster IP", transport.match, to: leadsTo[0], from: "KUBE-SERVICES")
  }

  mutating func dispatch(
    _ comment: String, _ transport: ProtocolMatch, to chain: ChainName, from dispatcher: ChainName
  ) {
    var rule = dispatchRule(chance(90) ? comment : nil, transport, .jump(chain))
    var added = [rule]
    if chance(30) {
      rule.target = .jump("KUBE-MARK-MASQ")
      added.insert(rule, at: 0)
    }
    let place = number(0..<100)
    edit(chain: dispatcher, of: \.nat) { rules in
      rules.insert(contentsOf: added, at: place % (rules.count + 1))
    }
  }

  /// Makes an endpoint's chain, and tells its name.
  mutating func addEndpoint(_ literal: String, _ transport: String) -> ChainName? {
    let address = 0x0a00_0000 + UInt32(number(0..<30))
    let ports = PortRange(first: UInt16(80 + number(0..<2)), last: 0)
    let translation = AddressTranslation(
      flags: 3, first: IPAddress(ipv4: address), last: IPAddress(ipv4: address),
      firstPort: ports.first, lastPort: ports.first)
    let name = ChainName(
      "KUBE-SEP-" + chainHashText(of: "\(literal)\(transport)\(translation)"))
    guard let name else { return nil }
    let hairpin = chance(70)
    let comment = chance(50)
    edit(chain: name, of: \.nat) { rules in
      let matches: [Match] = comment ? [.comment(ByteString(literal))] : []
      rules = hairpin ? [Rule(matches: matches, target: .jump("KUBE-MARK-MASQ"))] : []
      rules.append(Rule(matches: matches, target: .destinationNAT(translation)))
    }
    return name
  }
}

import Netfilter
import TestSupport

extension RandomRuleset {
  /// Lets one to three things happen, or nothing.
  mutating func step() {
    for _ in 0..<number(0..<4) { happen() }
  }

  private mutating func happen() {
    switch number(0..<24) {
    case 0..<3: addService()
    case 3: removeDispatch()
    case 4: removeChain()
    case 5: shuffleDispatch()
    case 6: nat.shuffle(using: &random)
    case 7: nat.sort { ($0.isBuiltIn ? 0 : 1, $0.name) < ($1.isBuiltIn ? 0 : 1, $1.name) }
    case 8: changeComment()
    case 9: changeTarget()
    case 10: changeDestination()
    case 11: renameChain()
    case 12, 21: addForeignJump()
    case 22, 23: addDispatch()
    case 13: rewrite()
    case 14: addJunk()
    case 15..<20: changeFilter()
    default: removeRule()
    }
  }

  /// A chain, of those with rules where there are any, and the position of one of its rules.
  private mutating func anyRule(_ prefix: ChainName = "") -> (chain: ChainName, rule: Int)? {
    guard let chain = pick(nat.filter { !$0.rules.isEmpty && $0.name.hasPrefix(prefix) }) else {
      return nil
    }
    return (chain.name, number(0..<chain.rules.count))
  }

  private mutating func removeDispatch() {
    let chain: ChainName = chance(70) ? "KUBE-SERVICES" : "KUBE-NODEPORTS"
    let place = number(0..<100)
    edit(chain: chain, of: \.nat) { rules in
      if !rules.isEmpty { rules.remove(at: place % rules.count) }
    }
  }

  /// A service port that may have been gone is dispatched to, though nothing else changed.
  private mutating func addDispatch() {
    guard let literal = pick(literals), let transport = pick(protocols),
      let chain = ChainName("KUBE-SVC-" + chainHashText(of: literal + transport))
    else { return }
    dispatch(literal, transport, to: chain, from: "KUBE-SERVICES")
  }

  private mutating func removeChain() {
    guard let name = pick(nat.filter { $0.name.hasPrefix("KUBE-S") })?.name else { return }
    nat.removeAll { $0.name == name }
  }

  private mutating func shuffleDispatch() {
    var generator = random
    for name in ["KUBE-SERVICES", "KUBE-NODEPORTS"] as [ChainName] {
      edit(chain: name, of: \.nat) { $0.shuffle(using: &generator) }
    }
    random = generator
  }

  private mutating func anyComment() -> String {
    guard var text = pick(literals), let purpose = pick(Self.purposes) else { return "" }
    if purpose.hasSuffix("KUBE-FW-") {
      let transport = pick(protocols) ?? ""
      text += purpose + chainHashText(of: (chance(80) ? text : "a/b") + transport)
    } else {
      text += purpose
    }
    return chance(10) ? "kubernetes service portals" : text
  }

  private mutating func changeComment() {
    guard let place = anyRule(chance(60) ? "KUBE-SERVICES" : "KUBE-") else { return }
    let comment = anyComment()
    let remove = chance(30)
    edit(chain: place.chain, of: \.nat) { rules in
      let rule = rules[place.rule].withoutComments
      let conditions = String(decoding: Self.redirect(rule, "").line, as: UTF8.self)
      let target = String(decoding: rule.line.dropFirst(conditions.utf8.count), as: UTF8.self)
      rules[place.rule] = remove ? rule : Rule(conditions, comment: comment.utf8, target)
    }
  }

  private mutating func changeTarget() {
    guard let place = anyRule("KUBE-"), let chain = pick(nat)?.name else { return }
    let missing = ChainName("KUBE-SVC-" + chainHashText(of: "a/btcp")) ?? ""
    let target = chance(80) ? "-g \(chain)" : "-j \(missing)"
    edit(chain: place.chain, of: \.nat) { rules in
      rules[place.rule] = Self.redirect(rules[place.rule], target)
    }
  }

  private mutating func changeDestination() {
    guard let place = anyRule("KUBE-SEP-") else { return }
    let low = number(1..<4)
    let translation = chance(30) ? "[0:0:0:1::\(low)]:80" : "0.0.0.\(low)-0.0.0.3:80"
    let adds = chance(30)
    edit(chain: place.chain, of: \.nat) { rules in
      let rule = Rule(stringLiteral: "-j DNAT --to-destination \(translation)")
      if adds { rules.append(rule) } else { rules[rules.count - 1] = rule }
    }
  }

  private mutating func renameChain() {
    guard let index = nat.indices.randomElement(using: &random),
      let literal = pick(literals), let transport = pick(protocols),
      let prefix = pick(["KUBE-SVC-", "KUBE-SEP-", "KUBE-EXT-", "KUBE-FW-", "cali-"]),
      let name = ChainName(prefix + chainHashText(of: literal + transport)),
      nat[index].name.hasPrefix("KUBE-S"), !nat.contains(where: { $0.name == name })
    else { return }
    nat[index] = Chain(name: name, rules: nat[index].rules)
  }

  /// One service port's chain leads to another's endpoint.
  private mutating func addForeignJump() {
    guard let endpoint = pick(nat.filter { $0.name.hasPrefix("KUBE-SEP-") })?.name,
      let chain = pick(nat.filter { $0.name.hasPrefix("KUBE-S") && $0.name != endpoint })?.name
    else { return }
    let moves = chance(50)
    edit(chain: chain, of: \.nat) { rules in
      if moves { rules.removeAll() }
      rules.append(Rule(stringLiteral: "-j \(endpoint)"))
    }
  }

  /// The same rules in a memory of their own.
  private mutating func rewrite() {
    guard let name = pick(nat)?.name else { return }
    edit(chain: name, of: \.nat) { _ in }
  }

  private mutating func addJunk() {
    guard let transport = pick(protocols), let chain = pick(nat)?.name,
      let target = pick(["-j \(chain)", "-g \(chain)", "", "-j DROP"]),
      let place = pick(["KUBE-SERVICES", "KUBE-NODEPORTS", "PREROUTING", chain])
    else { return }
    let rule = dispatchRule(chance(70) ? anyComment() : nil, transport, target)
    edit(chain: place, of: \.nat) { $0.insert(rule, at: 0) }
  }

  private mutating func removeRule() {
    guard let place = anyRule("KUBE-") else { return }
    edit(chain: place.chain, of: \.nat) { _ = $0.remove(at: place.rule) }
  }

  private static let reject = "-j REJECT --reject-with icmp-port-unreachable"

  private mutating func changeFilter() {
    guard let chain = pick(filter)?.name, let transport = pick(protocols),
      let target = pick([Self.reject, Self.reject, "-j DROP", ""])
    else { return }
    guard let literal = pick(literals), let purpose = pick(Self.purposes.suffix(4)) else {
      return
    }
    let isUsual = chance(50) && !purpose.hasSuffix("-")
    let rule = dispatchRule(isUsual ? literal + purpose : anyComment(), transport, target)
    let place = number(0..<100)
    let adds = chance(60)
    edit(chain: chain, of: \.filter) { rules in
      if adds || rules.isEmpty {
        rules.insert(rule, at: place % (rules.count + 1))
      } else {
        rules.remove(at: place % rules.count)
      }
    }
    if chance(10) { filter.shuffle(using: &random) }
  }
}

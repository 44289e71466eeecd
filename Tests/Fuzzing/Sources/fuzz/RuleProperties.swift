@testable import Netfilter

/// What must hold of every rule, wherever it comes from.
enum RuleProperties {
  static func check(_ rule: Rule) {
    let list = RuleList([rule])
    require(list[0] == rule, "a packed rule comes out as it went in")
    require(RuleList([list[0]]) == list, "equal rules are packed equally")
    checkOutline(of: rule, in: list)
    for family in IPFamily.allCases {
      let line = rule.bytes(in: "HERE", family: family)
      require(line.starts(with: "-A HERE".utf8), "a rule's line begins with its chain")
      _ = rule.text(in: "HERE", family: family)
    }
  }

  private static func checkOutline(of rule: Rule, in list: RuleList) {
    let packed = list.packed(at: 0)
    let bytes = packed.span
    let outline = RuleList.Outline(bytes)
    let comment = outline.comment.map { range in range.map { bytes[$0] } }
    require(comment == rule.comment?.bytes, "the outline's comment is the rule's")
    require(outline.ipProtocol == rule.ipProtocol, "the outline's protocol is the rule's")
    require(outline.destination == rule.destination, "the outline's destination is the rule's")
    require(outline.destinationPort == rule.destinationPort, "the outline's port is the rule's")
    switch (outline.outcome, rule.target) {
    case (.chain(let found), .jump(let name)), (.chain(let found), .goto(let name)):
      require(found == name, "the outline's chain is the rule's")
    case (.destinationNAT(let found), .destinationNAT(let range)):
      require(found == range, "the outline's translation is the rule's")
    case (.blocked, .reject), (.blocked, .verdict(.drop)): break
    case (.other, .jump), (.other, .goto), (.other, .destinationNAT), (.other, .reject),
      (.other, .verdict(.drop)):
      fatalError("the outline does not tell \(rule.target)")
    case (.other, _): break
    default: fatalError("the outline tells something else than \(rule.target)")
    }
  }
}

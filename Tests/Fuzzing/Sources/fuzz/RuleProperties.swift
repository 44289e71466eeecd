import Netfilter

/// What must hold of every rule, wherever it comes from.
enum RuleProperties {
  static func check(_ rule: Rule) {
    let list = RuleList(["", rule])
    require(list[1] == rule, "a rule comes out as it went in")
    require(rule.bytes(in: "HERE").starts(with: "-A HERE".utf8), "a line begins with its chain")
    var end = 0
    rule.forEachElement { element, line, _ in
      require(
        element.name.lowerBound >= end && element.end <= line.count, "elements follow each other")
      end = element.end
    }
    let comment = rule.outline.comment
    require((comment == nil) == rule.comments.isEmpty, "the outline's comment is the rule's")
    require(rule.withoutComments.comments.isEmpty, "comments can be left out")
    _ = rule.outline.outcome
  }
}

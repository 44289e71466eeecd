import Netfilter
import TestSupport
import Testing

@Suite("Packed rules")
struct RuleListTests {
  @Test("The rules of every dump come out as they went in", arguments: Fixture.all)
  func fixture(_ fixture: Fixture) throws {
    for table in try fixture.snapshot().tables {
      for chain in table.content.chains {
        let rules = Array(chain.rules)
        let again = RuleList(rules)
        #expect(again == chain.rules)
        #expect(Array(again) == rules)
      }
    }
  }

  @Test("A rule comes out as it went in", arguments: Rule.examples)
  func roundTrip(_ rule: Rule) {
    let list = RuleList([Rule(target: .none), rule, rule])
    #expect(list.count == 3)
    #expect(list[0] == Rule(target: .none))
    #expect(list[1] == rule)
    #expect(list[2] == rule)
    #expect(list.packed(at: 1) == list.packed(at: 2))
  }

  @Test("Different rules are packed differently")
  func distinct() {
    let list = RuleList(Rule.examples)
    let packed = Set(list.indices.map { Array(list.packed(at: $0)) })
    #expect(packed.count == Set(Rule.examples).count)
    #expect(Set(Rule.examples).count == Rule.examples.count)
  }

  @Test("A rule of another list can be appended as it is")
  func appending() {
    let examples = RuleList(Rule.examples)
    var list = RuleList()
    for position in examples.indices.reversed() { list.append(ruleAt: position, of: examples) }
    list.trim()
    #expect(Array(list) == Rule.examples.reversed())
    #expect(list == RuleList(Rule.examples.reversed()))
  }

  @Test("An empty list is equal to another")
  func empty() {
    #expect(RuleList() == RuleList([]))
    #expect(RuleList().isEmpty)
  }
}

import Netfilter
import TestSupport
import Testing

@Suite("A chain's rules")
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

  @Test("A line of any length comes out as it went in, in lists of any length")
  func lengths() {
    let rules = [0, 1, 127, 128, 129, 16_383, 16_384, 70_000].map { length in
      Rule(line: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }[...])
    }
    for count in [1, 2, 15, 16, 17, 18, 100] {
      let expected = (0..<count).map { rules[($0 * 5) % rules.count] }
      let list = RuleList(expected)
      #expect(list.count == count)
      #expect(Array(list) == expected)
      for position in list.indices { #expect(list[position] == expected[position]) }
    }
  }

  @Test("Lists with other boundaries between the same bytes are not equal")
  func boundaries() {
    #expect(RuleList(["-j A", ""]) != RuleList(["", "-j A"]))
    #expect(RuleList(["-j A"]) != RuleList(["-j A", ""]))
    #expect(RuleList(["-f", "-j A"]) != RuleList(["-f-j", " A"]))
  }

  @Test("An empty list is equal to another")
  func empty() {
    #expect(RuleList() == RuleList([]))
    #expect(RuleList().isEmpty)
  }
}

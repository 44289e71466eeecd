import Answers
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Sentences on what differs")
struct FindingTests {
  @Test("A planted change is told as what it is", arguments: PlantedChange.all)
  func planted(_ change: PlantedChange) throws {
    let sentences = try change.difference().sentences
    #expect(sentences == change.sentences)
  }

  @Test("A policy is no rule, and is told")
  func policy() throws {
    let text = String(decoding: RulesetText(filter: "-A INPUT -j DROP").bytes, as: UTF8.self)
    let difference = RulesetDifference(
      from: try Ruleset(bytes: Array(text.utf8)),
      to: try Ruleset(
        bytes: Array(text.replacing(":FORWARD ACCEPT", with: ":FORWARD DROP").utf8)))
    #expect(difference.sentences == ["the policy of filter's FORWARD is DROP now; it was ACCEPT"])
    #expect(
      difference.changes.map { String(decoding: $0.text, as: UTF8.self) } == [":FORWARD DROP"])
    #expect(difference.counts.policiesChanged == 1 && !difference.isEmpty)
  }

  @Test("Another order of KUBE-PROXY-FIREWALL has no effect, and is told")
  func proxyFirewall() throws {
    let fixture = Fixture("legacy-1.28/d-05-lb-open.rules")
    var lines = String(decoding: try fixture.bytes(), as: UTF8.self).split(separator: "\n")
    let rules = lines.indices.filter { lines[$0].contains("-A KUBE-PROXY-FIREWALL") }
    lines.swapAt(try #require(rules.first), try #require(rules.last))
    let new = try Ruleset(bytes: Array((lines.joined(separator: "\n") + "\n").utf8))
    #expect(
      RulesetDifference(from: try Ruleset(fixture), to: new).sentences == [
        "2 rules of 2 services moved in filter's KUBE-PROXY-FIREWALL: order only, no effect on traffic"
      ])
  }

  @Test("A rule that lost its comment is no new rule before kube-proxy's jump")
  func commentBeforeJump() throws {
    let nat = PlantedChange.Rules.cluster.nat.joined(separator: "\n")
    let old = try Ruleset(
      RulesetText(nat: "-A PREROUTING -p udp -m comment --comment \"ops: a\" -j ACCEPT\n" + nat))
    let new = try Ruleset(
      RulesetText(nat: "-A PREROUTING -p udp -j ACCEPT\n\(nat)\n-A PREROUTING -p sctp -j ACCEPT"))
    let difference = RulesetDifference(from: old, to: new)
    #expect(difference.sentences == ["the rules of nat's PREROUTING changed: 1 added"])
  }

  @Test("Shares that are rounded in another way are the same to traffic")
  func rounding() throws {
    let nat = PlantedChange.Rules.cluster.nat.joined(separator: "\n")
    let difference = RulesetDifference(
      from: try Ruleset(RulesetText(nat: nat)),
      to: try Ruleset(RulesetText(nat: nat.replacing("0.50000000000", with: "0.49999500000"))))
    #expect(difference.findings.map(\.impact) == [.none])
  }

  @Test("What matters comes first, and IPv6 is told from IPv4")
  func families() throws {
    let nat = PlantedChange.Rules.cluster.nat.joined(separator: "\n")
    let six = "-A PREROUTING -j KUBE-SERVICES\n-A KUBE-SERVICES -p tcp -j RETURN"
    let old = try Ruleset(RulesetText(nat: nat), RulesetText(.ipv6, nat: six))
    let new = try Ruleset(
      RulesetText(nat: nat.replacing("31224", with: "31225")),
      RulesetText(.ipv6, nat: "-A PREROUTING -j ACCEPT\n" + six))
    #expect(
      RulesetDifference(from: old, to: new).sentences == [
        "a rule was put before kube-proxy's jump in nat's PREROUTING (IPv6): packets meet it first",
        "the NodePort of default/ngnix-service changed from 31224 to 31225",
      ])
  }
}

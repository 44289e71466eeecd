import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Answers

@Suite("What differs between two rule sets")
struct DifferenceTests {
  @Test("A difference says what the texts' lines say", arguments: FixturePair.consecutive)
  func lines(_ pair: FixturePair) throws {
    try expectLines(pair)
    try expectLines(pair.reversed)
  }

  private func expectLines(_ pair: FixturePair) throws {
    let (old, new) = (SaveText(try pair.old.bytes()), SaveText(try pair.new.bytes()))
    var expected: [String: Int] = [:]
    for table in Set(old.tables.keys).intersection(new.tables.keys) {
      let difference = TextDifference(table, from: old, to: new)
      for rule in difference.rules {
        expected["\(rule.change.rawValue) \(table) \(rule.rule.text)", default: 0] += 1
      }
      for chain in difference.addedChains { expected["chain added \(table) \(chain)"] = 1 }
      for chain in difference.removedChains { expected["chain removed \(table) \(chain)"] = 1 }
    }
    var found: [String: Int] = [:]
    for change in try pair.difference().changes {
      found[Self.line(change), default: 0] += 1
    }
    #expect(found == expected)
  }

  private static func line(_ change: RulesetChange) -> String {
    let rule = "\(change.table.rawValue) \(String(decoding: change.text, as: UTF8.self))"
    return switch change.event {
    case .ruleAdded: "added \(rule)"
    case .ruleRemoved: "removed \(rule)"
    case .ruleMoved: "moved \(rule)"
    case .ruleRewritten: "rewritten \(rule)"
    case .chainAdded: "chain added \(change.table.rawValue) \(change.chain)"
    case .chainRemoved: "chain removed \(change.table.rawValue) \(change.chain)"
    case .policyChanged: "policy \(change.table.rawValue) \(change.chain)"
    }
  }

  @Test("Positions are the lines' in the chain, counted from 1", arguments: FixturePair.consecutive)
  func positions(_ pair: FixturePair) throws {
    let (old, new) = (SaveText(try pair.old.bytes()), SaveText(try pair.new.bytes()))
    for change in try pair.difference().changes {
      let text = String(decoding: change.text, as: UTF8.self)
      func rule(_ text: SaveText, _ position: Int) -> String {
        text.rules(change.table.rawValue, "\(change.chain)")[position - 1].text
      }
      switch change.event {
      case .ruleAdded(let position): #expect(rule(new, position) == text)
      case .ruleRemoved(let position): #expect(rule(old, position) == text)
      case .ruleMoved(let from, let to), .ruleRewritten(let from, let to):
        #expect(rule(old, from) == text && rule(new, to) == text)
      case .chainAdded, .chainRemoved, .policyChanged: break
      }
    }
  }

  @Test("A rule set differs in nothing from itself", arguments: Fixture.all)
  func identity(_ fixture: Fixture) throws {
    let difference = RulesetDifference(from: try Ruleset(fixture), to: try Ruleset(fixture))
    #expect(difference.isEmpty && difference.groups.isEmpty)
    #expect(difference.sentences == ["nothing changed"])
  }

  @Test("A group is one service port's, and what is selected is what all holds of it")
  func selection() throws {
    let pair = FixturePair(
      old: Fixture("legacy-1.21/b-02-ngnix-deleted.rules"),
      new: Fixture("legacy-1.21/b-03-ngnix-created-no-targetport.rules"))
    let all = try pair.difference()
    let selected = RulesetDifference(
      from: try Ruleset(pair.old), to: try Ruleset(pair.new),
      selection: { $0.name == "ngnix-service" })
    #expect(all.groups.count == 2 && selected.groups.count == 1)
    #expect(selected.counts.rulesAdded == 7 && selected.counts.rulesMoved == 0)
    #expect(selected.findings.map(\.kind) == [.serviceCreated])
    let owners = selected.groups.map(\.owner)
    #expect(all.groups.filter { owners.contains($0.owner) }.flatMap(\.changes) == selected.changes)
  }

  @Test("Tables that one side lacks are named, and nothing is said of them")
  func missingTables() throws {
    let rule = "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"
    let nat = try Ruleset(RulesetText(nat: rule))
    let both = try Ruleset(
      RulesetText(nat: rule, filter: "-A INPUT -j DROP"), RulesetText(.ipv6, nat: rule))
    let difference = RulesetDifference(from: nat, to: both)
    #expect(difference.isEmpty)
    #expect(difference.comparedTables == 1)
    #expect(
      difference.notCompared == [
        UncomparedTable(family: .ipv4, table: .filter, missing: .old),
        UncomparedTable(family: .ipv6, table: .nat, missing: .old),
      ])
    let page = text { difference.write(to: &$0) }
    #expect(page.contains("not compared: filter, nat (IPv6), only in rules\n"))
  }

  @Test("A table that is known not to exist is compared")
  func absentTables() throws {
    let rules = try RulesetText(filter: "-A INPUT -j DROP").snapshot()
    let none = FamilySnapshot(
      backend: .legacy, family: .ipv4, tables: [], absentTables: [.filter, .nat])
    let difference = RulesetDifference(
      from: Ruleset(name: "old", families: [none]), to: Ruleset(name: "new", families: [rules]))
    #expect(difference.counts.rulesAdded == 1 && difference.notCompared.isEmpty)
    #expect(difference.sentences.contains("the table filter exists now"))
  }

  @Test("Rules with other handles were written again, wherever they stand now")
  func handles() throws {
    let rules = "-A INPUT -p tcp -j DROP\n-A INPUT -p udp -j DROP\n-A KUBE-FORWARD -j ACCEPT"
    let content = try #require(RulesetText(filter: rules).snapshot().table(.filter)?.content)
    func ruleset(_ handles: [UInt64]) -> Ruleset {
      let table = TableSnapshot(
        content: content, counters: Array(repeating: Counter(), count: 3),
        policyCounters: Array(repeating: Counter(), count: content.builtInCount),
        handles: handles)
      return Ruleset(
        name: "kernel",
        families: [FamilySnapshot(backend: .nft, family: .ipv4, tables: [table])])
    }
    let difference = RulesetDifference(from: ruleset([1, 2, 3]), to: ruleset([1, 7, 8]))
    #expect(difference.counts.rulesRewritten == 2)
    #expect(
      difference.changes.map(\.event) == [
        .ruleRewritten(from: 2, to: 2), .ruleRewritten(from: 1, to: 1),
      ])
    #expect(
      difference.sentences == [
        "2 rules were written again with the same content: no effect on traffic"
      ])
  }

  @Test("The kernel's rules don't differ from what iptables-save prints of them")
  func kernelAndFile() throws {
    let content = TableContent(
      family: .ipv4, name: .filter,
      chains: [
        Chain(name: "FORWARD", policy: .drop, rules: RuleList(["-j LOG --log-level 7"]))
      ])
    let table = TableSnapshot(
      content: content, counters: [Counter()], policyCounters: [Counter()], handles: [4])
    func ruleset(_ backend: Backend) -> Ruleset {
      Ruleset(
        name: "kernel",
        families: [FamilySnapshot(backend: backend, family: .ipv4, tables: [table])])
    }
    let text =
      "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
      + "-A FORWARD -j LOG --log-level 7\nCOMMIT\n"
    let file = Ruleset(
      name: "file", families: try SaveFileParser.parse(Array(text.utf8), tables: nil))
    #expect(RulesetDifference(from: ruleset(.nft).asSaved, to: file).isEmpty)
    #expect(RulesetDifference(from: file, to: ruleset(.nft).asSaved).isEmpty)
    // iptables-legacy's tables have all of their chains.
    let legacy = RulesetDifference(from: ruleset(.legacy).asSaved, to: file)
    #expect(legacy.counts.chainsAdded == 2 && legacy.counts.rulesAdded == 0)
    #expect(RulesetDifference(from: ruleset(.nft), to: file).counts.chainsAdded == 2)
  }

  @Test("A service port that nat drops for want of a local endpoint is shown as blocked")
  func blockedInNat() throws {
    func ruleset(_ last: String) throws -> Ruleset {
      try Ruleset(
        RulesetText(
          nat: """
            -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -j KUBE-XLB-E3PXEPMWAWIUT6ZV
            -A KUBE-XLB-E3PXEPMWAWIUT6ZV -m comment --comment \(last)
            -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
            """))
    }
    let served = try ruleset(#""Balancing rule 0 for shop/web" -j KUBE-SEP-6Y64NGU6GYXT5LIA"#)
    let blocked = try ruleset(#""shop/web has no local endpoints" -j KUBE-MARK-DROP"#)
    #expect(ServiceList(of: served).services.map(\.blocked) == [[]])
    #expect(ServiceList(of: blocked).services.map(\.blocked) == [[.noLocalEndpoints]])
    let kinds = RulesetDifference(from: served, to: blocked).findings.map(\.kind)
    #expect(kinds.contains(.serviceBlocked))
    let back = RulesetDifference(from: blocked, to: served).findings.map(\.kind)
    #expect(back.contains(.serviceUnblocked))
  }
}

import Answers
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("Answers as text and as JSON")
struct OutputTests {
  /// Comments as only somebody writes them who means harm, or has no UTF-8.
  static let hostileComments: [[UInt8]] = [
    Array("a\u{1b}[2Jb".utf8), Array("\u{202e}evil\u{9b}31m".utf8), [0x61, 0xff, 0xc3, 0x28],
    Array("say \\\"no\\\" \\\\ \\'never\\'".utf8), Array("\t\u{8}\u{7f}".utf8),
    Array("</script>\u{2028}{}[],:".utf8),
  ]

  @Test("No comment breaks the text or the JSON", arguments: hostileComments)
  func hostile(_ comment: [UInt8]) throws {
    let parts = String(
      decoding: RulesetText(nat: "-A OUTPUT -m comment --comment \"@\" -j KUBE-SERVICES").bytes,
      as: UTF8.self
    ).split(separator: "@")
    let bytes = Array(parts[0].utf8) + comment + Array(parts[1].utf8)
    let (old, new) = (try Ruleset(RulesetText(nat: "")), try Ruleset(bytes: bytes))
    let difference = RulesetDifference(from: old, to: new)
    let page = text { difference.write(to: &$0) }
    #expect(page.isPrintable)
    // Both names, a blank line, two sentences, another blank line and the rules by owner and table.
    #expect(page.split(separator: "\n").count { $0.hasPrefix("    + 1  -A OUTPUT") } == 1)
    let document = try decoded(DifferenceDocument.self) { difference.write(to: &$0) }
    let texts = document.groups.flatMap(\.changes).map(\.text)
    #expect(texts.contains { $0.hasPrefix("-A OUTPUT -m comment --comment ") })
  }

  @Test("The JSON of a difference has what the difference has", arguments: FixturePair.consecutive)
  func difference(_ pair: FixturePair) throws {
    let difference = try pair.difference()
    let document = try decoded(DifferenceDocument.self) { difference.write(to: &$0) }
    #expect(document.version == 2 && document.differs == !difference.isEmpty)
    #expect(document.before == pair.old.name && document.after == pair.new.name)
    #expect(document.mode_before == "iptables" && document.mode_after == "iptables")
    #expect(document.summary.map(\.text) == difference.sentences)
    let changes = document.groups.flatMap(\.changes)
    #expect(changes.count == difference.changes.count)
    for change in ["added", "removed", "moved", "rewritten"] {
      #expect(changes.count { $0.change == change } == document.counts["rules_\(change)"])
    }
    for change in changes where change.change == "moved" {
      #expect(change.from != nil && change.to != nil)
    }
    #expect(json { difference.write(to: &$0) } == json { difference.write(to: &$0) })
  }

  @Test(
    "A short difference has sentences and counts, and no rules", arguments: FixturePair.consecutive)
  func short(_ pair: FixturePair) throws {
    let difference = try pair.difference()
    let lines = text { difference.write(to: &$0, isShort: true) }
    #expect(!lines.contains("-A "))
    #expect(lines.contains("\nin all: ") == !difference.isEmpty)
    let whole = text { difference.write(to: &$0) }
    #expect(whole.hasPrefix(lines.prefix { _ in true }.split(separator: "in all: ")[0]))
    let document = String(
      decoding: json { difference.write(to: &$0, isShort: true) }, as: UTF8.self)
    #expect(document.contains(#""counts": {"#) && document.contains(#""summary": ["#))
    #expect(!document.contains(#""groups""#))
  }

  private struct DifferenceDocument: Decodable {
    let version: Int
    let before: String
    let after: String
    let mode_before: String
    let mode_after: String
    let differs: Bool
    let counts: [String: Int]
    let summary: [Sentence]
    let groups: [Group]
    let not_compared: [[String: String]]

    struct Sentence: Decodable {
      let kind: String
      let impact: String
      let text: String
      let ip_family: String?
      let table: String?
      let chain: String?
      let service: [String: String]?
    }

    struct Group: Decodable {
      let service: [String: String]?
      let scope: String?
      let kind: String?
      let changes: [Change]
    }

    struct Change: Decodable {
      let change: String
      let ip_family: String
      let table: String
      let chain: String
      let from: Int?
      let to: Int?
      let text: String
    }
  }

  @Test("The columns of the table stand below each other", arguments: Fixture.all)
  func table(_ fixture: Fixture) throws {
    let list = ServiceList(of: try Ruleset(fixture))
    let page = text { list.writeTable(to: &$0) }
    if list.services.isEmpty {
      #expect(page == "no service ports in \(fixture.name)\n")
      return
    }
    let lines = page.split(separator: "\n").map(Array.init)
    #expect(lines.count == 1 + list.services.count)
    let header = String(lines[0])
    for title in ["PROTOCOL", "ADDRESSES", "NODEPORTS"] {
      let range = try #require(header.firstRange(of: title))
      let column = header.distance(from: header.startIndex, to: range.lowerBound)
      for line in lines { #expect(line[column - 1] == " " && line[column] != " ") }
    }
  }

  @Test("The JSON of services has the services, their endpoints and shares")
  func services() throws {
    struct Document: Decodable {
      struct Service: Decodable {
        struct Chain: Decodable {
          struct Endpoint: Decodable {
            let destinations: [String]
            let share: Double
            let connections: Int
          }
          let chain: String
          let endpoints: [Endpoint]
        }
        let service: [String: String]
        let connections: Int
        let node_ports: [Int]
        let nat_rules: Int
        let balancing: [Chain]
      }
      let version: Int
      let services: [Service]
    }
    let list = ServiceList(of: try Ruleset(Fixture("legacy-1.28/a-02-baseline-traffic.rules")))
    let document = try decoded(Document.self, list.write)
    #expect(document.version == 2 && document.services.count == list.services.count)
    for (shown, service) in zip(document.services, list.services) {
      #expect(shown.service["name"] == service.port.name)
      #expect(shown.connections == Int(service.connections))
      let endpoints = shown.balancing.flatMap(\.endpoints)
      #expect(shown.connections == endpoints.reduce(0) { $0 + $1.connections })
      #expect(abs(endpoints.reduce(0) { $0 + $1.share } - 1) < 1e-9)
    }
    #expect(document.services.contains { $0.connections > 0 })
  }

  @Test(
    "Whose traffic is blocked is told to people and machines",
    arguments: [
      ("legacy-1.28/d-07-itp-local-none.rules", "no_local_endpoints", ["in_cluster"]),
      ("legacy-1.28/d-09-no-endpoints.rules", "no_endpoints", ["in_cluster", "external"]),
    ])
  func blocked(_ name: String, _ reason: String, _ traffic: [String]) throws {
    struct Document: Decodable {
      struct Service: Decodable { let blocked_traffic: [[String: String]] }
      let services: [Service]
    }
    let list = ServiceList(of: try Ruleset(Fixture(name)))
    let document = try decoded(Document.self, list.write)
    let expected = traffic.map { ["reason": reason, "traffic": $0] }
    #expect(document.services.contains { $0.blocked_traffic == expected })
    let words =
      traffic.count == 1
      ? "blocked for traffic from inside the cluster: it has no endpoints on this node\n"
      : "blocked: it has no endpoints\n"
    #expect(text { list.writeTree(to: &$0) }.contains(words))
  }

  @Test("A tree shows every rule of a service port in nat", arguments: Fixture.all)
  func tree(_ fixture: Fixture) throws {
    let list = ServiceList(of: try Ruleset(fixture))
    let page = text { list.writeTree(to: &$0) }
    let lines = Set(
      page.split(separator: "\n").compactMap { line in
        line.firstRange(of: "-A ").map { String(line[$0.lowerBound...]) }
      })
    for service in list.services {
      let rules = (service.dispatch + service.chains).filter { $0.table == .nat }.flatMap(\.rules)
      #expect(rules.count == service.natRules, "\(service.port)")
      #expect(rules.allSatisfy { lines.contains(String(decoding: $0.text, as: UTF8.self)) })
    }
  }
  // MARK: What is said before and after

  private static let ipvs = RulesetText(nat: "-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ")
  private static let notice =
    "kube-proxy is in ipvs mode: IPVS serves the services, not these rules"

  @Test("A mode that is not iptables is said first by show")
  func modeOfServices() throws {
    let list = ServiceList(of: try Ruleset(Self.ipvs))
    let expected = "rules: \(Self.notice)\nno service ports in rules\n"
    #expect(text { list.writeTable(to: &$0) } == expected)
    #expect(text { list.writeTree(to: &$0) } == expected)
    #expect(
      String(decoding: json { list.write(to: &$0) }, as: UTF8.self)
        .contains(#""mode": "ipvs""#))
    let none = ServiceList(of: try Ruleset(RulesetText(nat: "")))
    let words = "no rules of kube-proxy here"
    #expect(
      text { none.writeTable(to: &$0) }.hasPrefix(
        "rules: \(words) (its nftables mode leaves none in such a file)\n"))
    let kernel = ServiceList(of: Ruleset(name: "kernel", families: [], isKernel: true))
    #expect(text { kernel.writeTable(to: &$0) }.hasPrefix("kernel: \(words)\n"))
    // What the node shows counts more than what the rules do.
    let baseline = try Ruleset(Fixture("legacy-1.28/a-01-baseline.rules"))
    let live = ServiceList(
      of: Ruleset(name: "kernel", families: baseline.families, mode: .nftables))
    #expect(
      text { live.writeTable(to: &$0) }.hasPrefix("kernel: kube-proxy is in nftables mode")
    )
  }

  @Test("What both backends hold is said by show, of the families of which both hold something")
  func mixedBackends() throws {
    let new = try RulesetText(nat: "-A OUTPUT -j KUBE-SERVICES\n-A KUBE-SERVICES -j RETURN")
      .snapshot()
    let old = try RulesetText(nat: "", filter: "-A INPUT -j KUBE-FIREWALL").snapshot()
    let other = FamilySnapshot(backend: .nft, family: .ipv4, tables: old.tables)
    let none = try RulesetText(.ipv6, nat: "").snapshot()
    for ruleset in [
      Ruleset(name: "node", families: [new, other, none]),
      Ruleset(name: "node", families: [new, none], beside: [other], isKernel: true),
    ] {
      let list = ServiceList(of: ruleset)
      #expect(
        text(list.writeTable).hasPrefix(
          "node: legacy is taken for kube-proxy's, and nft holds 1 chain of Kubernetes with 0 rules, in "
            + "filter too; see kube-iptables-exporter check\n"))
      let document = String(decoding: json(list.write), as: UTF8.self)
      #expect(document.contains("\"chain_count\": 1") && document.contains("\"other\": \"nft\""))
    }
    let alone = ServiceList(of: Ruleset(name: "node", families: [new, none]))
    #expect(!text(alone.writeTable).contains("nft"))
  }

  @Test("A mode that is not iptables is said first by diff, once where both sides are alike")
  func modeOfDifference() throws {
    let (ipvs, none) = (try Ruleset(Self.ipvs), try Ruleset(RulesetText(nat: "")))
    func lines(_ old: Ruleset, _ new: Ruleset) -> [String] {
      let difference = RulesetDifference(from: old, to: new)
      let page = text { difference.write(to: &$0) }
      return page.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(2)
        .prefix { !$0.isEmpty }.map(String.init)
    }
    #expect(lines(none, none).isEmpty)
    #expect(lines(none, ipvs) == ["rules: \(Self.notice)"])
    #expect(lines(ipvs, none) == ["rules: \(Self.notice)"])
    #expect(lines(ipvs, ipvs) == ["rules: \(Self.notice)"])
    let nftables = Ruleset(name: "kernel", families: none.families, mode: .nftables)
    #expect(lines(ipvs, nftables).map { $0.prefix { $0 != ":" } } == ["rules", "kernel"])
    let document = try decoded(DifferenceDocument.self) {
      RulesetDifference(from: ipvs, to: nftables).write(to: &$0)
    }
    #expect(document.mode_before == "ipvs" && document.mode_after == "nftables")
  }

  @Test("Where a selection matches nothing, the selection is named")
  func selectsNothing() throws {
    let old = try Ruleset(Fixture("legacy-1.21/b-02-ngnix-deleted.rules"))
    let new = try Ruleset(Fixture("legacy-1.21/b-03-ngnix-created-no-targetport.rules"))
    // Of show, the command says it.
    let list = ServiceList(of: new, selection: { _ in false })
    #expect(text { list.writeTable(to: &$0) } == "")
    #expect(text { list.writeTree(to: &$0) } == "")
    let difference = RulesetDifference(
      from: old, to: new, selection: { _ in false }, pattern: "nosuch")
    #expect(
      difference.sentences == ["nothing changed for the service ports that match 'nosuch'"])
    #expect(!difference.hasSelected)
    #expect(RulesetDifference(from: old, to: new).hasSelected)
    let gone = RulesetDifference(from: old, to: new) { $0.name == "ngnix-service" }
    #expect(gone.hasSelected)
  }

  @Test("Service chains that nobody names are counted last by show")
  func unnamed() throws {
    let list = ServiceList(
      of: try Ruleset(
        RulesetText(nat: "-A KUBE-SERVICES -p tcp -j KUBE-SVC-AAAAAAAAAAAAAAAA"),
        RulesetText(.ipv6, nat: "-A KUBE-SERVICES -p tcp -j KUBE-SVC-AAAAAAAAAAAAAAAA")))
    let expected = """
      no service ports in rules
      2 service chains are of no known service port: no comment says whose

      """
    #expect(text { list.writeTable(to: &$0) } == expected)
    #expect(text { list.writeTree(to: &$0) } == expected)
    #expect(
      String(decoding: json { list.write(to: &$0) }, as: UTF8.self)
        .contains(#""without_name": 2"#))
  }
}

import Answers
import FoundationEssentials
import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// What `explain` says, of real rule sets and of rules that were written by hand.
@Suite("Explanations")
struct ExplanationTests {
  /// A packet, as arguments name it, and the answer to it.
  struct Case: Sendable, CustomTestStringConvertible {
    let rules: String
    let packet: String
    let answer: String
    let status: Int32

    init(_ rules: String, _ packet: String, _ answer: String, _ status: Int32 = 0) {
      self.rules = rules
      self.packet = packet
      self.answer = answer
      self.status = status
    }

    var testDescription: String { "\(rules): \(packet)" }
  }

  static let fixtures = [
    Case(
      "nft-1.28/b-01-ngnix-created", "pod default/ngnix-service",
      "default/ngnix-service: its one endpoint, 10.244.2.2:8000; source kept"),
    Case(
      "nft-1.28/b-01-ngnix-created", "outside default/ngnix-service",
      "default/ngnix-service: its one endpoint, 10.244.2.2:8000; source rewritten, by "
        + "KUBE-POSTROUTING rule 3"),
    Case(
      "nft-1.28/b-01-ngnix-created", "node default/ngnix-service nodeport",
      "default/ngnix-service: its one endpoint, 10.244.2.2:8000; source rewritten, by "
        + "KUBE-POSTROUTING rule 3"),
    Case(
      "nft-1.28/b-01-ngnix-created", "10.244.2.2 10.98.130.31:80",
      "default/ngnix-service: its one endpoint, 10.244.2.2:8000; source rewritten, by "
        + "KUBE-POSTROUTING rule 3"),
    Case(
      "legacy-1.28/a-01-baseline", "10.244.1.7 10.96.0.10:53/udp",
      "kube-system/kube-dns:dns: one of 2 endpoints, 10.244.1.2:53 (50%) or 10.244.3.2:53 (50%); "
        + "source kept"),
    Case(
      "legacy-1.21/d-04-lb-cluster", "192.0.2.1 172.30.0.11:80",
      "172.30.0.11:80/tcp: lost: KUBE-FW-WOIESYSY4AANSXUN rule 3 marks it to be dropped, and no rule drops what "
        + "is marked so", 1),
    Case(
      "legacy-1.28/a-01-baseline", "10.244.1.7 10.96.0.10:54/udp",
      "10.96.0.10:54/udp: lost: no rule of nat matches 10.96.0.10:54/udp, a cluster IP of "
        + "kube-system/kube-dns that is served at 53/tcp, 53/udp, 9153/tcp", 1),
    Case(
      "legacy-1.28/a-01-baseline", "10.244.1.7 10.244.1.2:53/udp",
      "10.244.1.2:53/udp: not translated: no rule of nat matches 10.244.1.2:53/udp; let through; "
        + "source kept"),
    Case(
      "legacy-1.28/d-01-clientip", "pod web/sticky",
      "web/sticky: one of 3 endpoints (33.3% each): 10.244.2.2:8080, 10.244.2.3:8080 or "
        + "10.244.2.4:8080, or the one that the client had before; source kept"),
    Case(
      "legacy-1.28/d-02-nodeport-etp-local", "outside web/np-local",
      "web/np-local: its one endpoint, 10.244.1.3:8080; source kept"),
    Case(
      "legacy-1.28/d-03-lb-etp-local", "outside web/lb-local",
      "web/lb-local: dropped by filter's KUBE-PROXY-FIREWALL rule 1 (web/lb-local traffic not "
        + "accepted by KUBE-FW-ZFNTJIRAGUB2BS55)", 1),
    Case(
      "legacy-1.28/d-03-lb-etp-local", "203.0.113.9 web/lb-local loadbalancer",
      "web/lb-local: one of 2 endpoints, 10.244.1.4:8443 (50%) or 10.244.1.5:8443 (50%); source kept"
    ),
    Case(
      "legacy-1.28/d-09-no-endpoints", "pod web/empty:http",
      "web/empty:http: rejected by filter's KUBE-SERVICES rule 1 (web/empty:http has no endpoints)",
      1),
    Case(
      "legacy-1.28/d-11-sctp", "pod web/sctp:sig",
      "web/sctp:sig: one of 2 endpoints, 10.244.1.7:9999 (50%) or 10.244.3.14:9999 (50%); source kept"
    ),
    Case(
      "legacy-1.21/d-04-lb-cluster", "outside web/lb-cluster:http",
      "web/lb-cluster:http: lost: KUBE-FW-WOIESYSY4AANSXUN rule 3 marks it to be dropped, and no rule "
        + "drops what is marked so", 1),
    Case(
      "legacy-1.28/n-01-noise", "pod default/ngnix-service",
      "default/ngnix-service: its one endpoint, 10.244.2.2:8000; source kept"),
    Case(
      "legacy-1.28/n-01-noise", "10.244.3.9 NODE:5000",
      "198.51.100.1:5000/tcp: translated to 172.17.0.2:5000, by DOCKER rule 2; source rewritten, by "
        + "nat's POSTROUTING rule 5"),
    Case(
      "legacy-1.28/h-02-dual-nodeport.v6", "pod web/dual:http",
      "web/dual:http: one of 3 endpoints (33.3% each): [fd00:10:244:2::2]:8080, [fd00:10:244:2::3]:8080 or "
        + "[fd00:10:244:3::3]:8080; source kept"),
  ]

  @Test(arguments: fixtures)
  func `the first line of a real rule set is the answer`(_ test: Case) throws {
    let explanation = try explain(
      test.packet, in: try Ruleset(Fixture(test.rules + ".rules")))
    #expect(explanation.answer == test.answer)
    #expect(explanation.exitStatus == test.status)
    let lines = text { explanation.write(to: &$0) }.split(separator: "\n")
    #expect(lines.first.map(String.init) == test.answer)
  }

  static let services = """
    -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
    -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
    -A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
    -A KUBE-SVC-TCOU7JCQXEZGVUNU -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.244.1.2:53
    -A KUBE-SVC-TCOU7JCQXEZGVUNU -j DNAT --to-destination 10.244.3.2:53
    """
  static let both =
    "one of 2 endpoints, 10.244.1.2:53 (50%) or 10.244.3.2:53 (50%); source kept"

  /// Rules of filter, and what they do to a packet for kube-dns.
  static let filters = [
    Case(
      "-A FORWARD -d 10.244.3.2/32 -j DROP", "pod",
      "not always delivered: 50% dropped by filter's FORWARD rule 1, on the way to 10.244.3.2:53; else "
        + "its one endpoint, 10.244.1.2:53; source kept", 1),
    Case(
      "-A FORWARD -j REJECT --reject-with icmp-port-unreachable", "pod",
      "rejected by filter's FORWARD rule 1, on the way to 10.244.1.2:53, 10.244.3.2:53", 1),
    Case(
      "-A FORWARD -m set --match-set bad src -m comment --comment \"ops: bad\" -j DROP", "pod",
      "depends on filter's FORWARD rule 1 (-m set --match-set bad src): \(both); or dropped by "
        + "filter's FORWARD rule 1 (ops: bad), on the way to 10.244.1.2:53, 10.244.3.2:53", 3),
    Case("-A FORWARD -m set --match-set bad src -j LOG", "pod", both),
    Case(
      "-A FORWARD -m comment --comment \"cali:wUHhoiAYhphO9Mso\" -m mark --mark 0x0 -j DROP", "pod",
      "dropped by filter's FORWARD rule 1, on the way to 10.244.1.2:53, 10.244.3.2:53", 1),
    Case(
      "-A FORWARD -m limit --limit 3/min -j ACCEPT\n-A FORWARD -j DROP", "pod",
      "depends on filter's FORWARD rule 1 (-m limit --limit 3/min): \(both); or dropped by filter's "
        + "FORWARD rule 2, on the way to 10.244.1.2:53, 10.244.3.2:53", 3),
    Case(
      "-A FORWARD -j NFQUEUE --queue-num 1", "pod",
      "depends on filter's FORWARD rule 1 (-j NFQUEUE --queue-num 1): \(both); or decided by a program, at "
        + "filter's FORWARD rule 1, on the way to 10.244.1.2:53, 10.244.3.2:53", 3),
    Case(
      "-A FORWARD -j NFQUEUE --queue-num 1\n-A FORWARD -j DROP", "pod",
      "depends on filter's FORWARD rule 1 (-j NFQUEUE --queue-num 1): decided by a program, at filter's FORWARD "
        + "rule 1, on the way to 10.244.1.2:53, 10.244.3.2:53, or dropped by filter's FORWARD rule 2, on the way to "
        + "10.244.1.2:53, 10.244.3.2:53", 3),
    Case("-A FORWARD -i lo -j DROP", "pod", both),
    Case(
      "-A FORWARD -i eth1 -j DROP", "pod",
      "depends on filter's FORWARD rule 1 (-i eth1): \(both); or dropped by filter's FORWARD rule 1, "
        + "on the way to 10.244.1.2:53, 10.244.3.2:53", 3),
  ]

  @Test(arguments: filters)
  func `what filter does is in the answer`(_ test: Case) throws {
    let explanation = try explain(
      "10.244.9.9 10.96.0.10:53/udp",
      in: try Ruleset(RulesetText(nat: Self.services, filter: test.rules)))
    #expect(explanation.answer == "kube-system/kube-dns:dns: " + test.answer)
    #expect(explanation.exitStatus == test.status)
  }

  /// Rules of nat before those of the services.
  static let hooks = [
    Case(
      "-A PREROUTING -s 10.244.0.0/16 -j ACCEPT", "",
      "lost: nat's PREROUTING rule 1 accepts it before KUBE-SERVICES rule 1, which would translate it",
      1),
    Case(
      "-A PREROUTING -j RETURN", "",
      "lost: nat's PREROUTING rule 1 returns it before KUBE-SERVICES rule 1, which would translate it",
      1),
    Case(
      "-A PREROUTING -m set --match-set pods src -j RETURN", "",
      "depends on nat's PREROUTING rule 1 (-m set --match-set pods src): \(both); or lost: KUBE-SERVICES "
        + "rule 1 takes it, and no rule behind it translates it", 3),
    Case(
      "-A PREROUTING -d 10.96.0.10/32 -p udp -j REDIRECT --to-ports 5353", "",
      "translated to 10.96.0.10:5353, by nat's PREROUTING rule 1; source kept"),
    Case(
      "-A PREROUTING -p udp -j DNAT [unsupported revision]", "",
      "depends on nat's PREROUTING rule 1 (-p udp -j DNAT [unsupported revision]): translated by nat's "
        + "PREROUTING rule 1 to a destination that its text does not show", 3),
    Case(
      "-A PREROUTING -m mark --mark 0x0 -m set --match-set new src -j DNAT --to-destination :0 --persistent",
      "",
      "depends on nat's PREROUTING rule 1 (-m mark --mark 0x0 -m set --match-set new src -j DNAT --to-destination "
        + ":0 --persistent): \(both); or translated by nat's PREROUTING rule 1 to a destination that its text does "
        + "not show", 3),
    Case(
      "-A PREROUTING -m set --match-set new src -j REDIRECT --to-ports 1\n"
        + "-A PREROUTING -j REDIRECT --to-ports 2", "",
      "one of 2 destinations, 10.96.0.10:1 or 10.96.0.10:2, which depends on nat's PREROUTING rule 1 "
        + "(-m set --match-set new src); source kept"),
    Case(
      "-A POSTROUTING -m set ! --match-set pods dst -j MASQUERADE", "",
      "one of 2 endpoints, 10.244.1.2:53 (50%) or 10.244.3.2:53 (50%); source kept, or rewritten by "
        + "nat's POSTROUTING rule 1, which depends on nat's POSTROUTING rule 1 "
        + "(-m set ! --match-set pods dst)"),
    Case(
      "-A POSTROUTING -d 10.244.1.2/32 -j MASQUERADE", "",
      "one of 2 endpoints, 10.244.1.2:53 (50%) or 10.244.3.2:53 (50%); source rewritten on the way to "
        + "10.244.1.2:53, by nat's POSTROUTING rule 1"),
  ]

  @Test(arguments: hooks)
  func `what nat does before and after is in the answer`(_ test: Case) throws {
    let explanation = try explain(
      "10.244.9.9 kube-system/kube-dns",
      in: try Ruleset(RulesetText(nat: test.rules + "\n" + Self.services, filter: "")))
    #expect(explanation.answer == "kube-system/kube-dns:dns: " + test.answer)
    #expect(explanation.exitStatus == test.status)
  }

  /// Rules that come before all others of a real rule set's nat.
  static let foreign = [
    Case(
      "-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 192.0.2.53",
      "pod kube-system/kube-dns:dns",
      "kube-system/kube-dns:dns: translated to 192.0.2.53:53, by KUBE-SERVICES rule 1; source kept"),
    // A NodePort is asked for by its name, and by the node's address.
    Case(
      "-A PREROUTING -m addrtype --dst-type LOCAL -j ACCEPT", "192.0.2.1 NODE:32718",
      "NODE:32718/tcp: lost: nat's PREROUTING rule 1 accepts it before KUBE-NODEPORTS rule 4, which would "
        + "translate it", 1),
    Case(
      "-A PREROUTING -m addrtype --dst-type LOCAL -j ACCEPT", "outside web/multi:http nodeport",
      "web/multi:http: lost: nat's PREROUTING rule 1 accepts it before KUBE-NODEPORTS rule 4, which would "
        + "translate it", 1),
    // KUBE-FIREWALL asks whether the connection's destination is translated.
    Case(
      "-A PREROUTING -p tcp -m tcp --dport 32718 -j REDIRECT --to-ports 99", "192.0.2.1 NODE:32718",
      "NODE:32718/tcp: translated to NODE:99, by nat's PREROUTING rule 1; source kept"),
  ]

  @Test(arguments: foreign)
  func `a rule before kube-proxy's takes packets, however they are asked for`(_ test: Case) throws {
    let text = String(
      decoding: try Fixture("legacy-1.28/d-12-multiport.rules").bytes(), as: UTF8.self)
    let parts = text.split(separator: "*nat\n")
    let rules = parts[1].replacing("\n[", with: "\n[0:0] \(test.rules)\n[", maxReplacements: 1)
    let ruleset = Ruleset(
      name: "node", families: try SaveFileParser.parse(Array("\(parts[0])*nat\n\(rules)".utf8)))
    let explanation = try explain(test.packet, in: ruleset)
    let node = explanation.answer.prefix { $0 != ":" }
    #expect(
      explanation.answer.replacing(node, with: test.packet.contains("NODE") ? "NODE" : node)
        == test.answer)
    #expect(explanation.exitStatus == test.status)
  }

  @Test func `the node's own packets leave with the address that its routes say`() throws {
    let ruleset = try Ruleset(
      RulesetText(nat: Self.services, filter: "-A OUTPUT -s 10.244.1.1/32 -d 10.244.1.7/32 -j DROP")
    )
    let addresses = ["192.168.7.2", "10.244.1.1"].compactMap { IPAddress($0) }
    for (source, end) in [(addresses[0], "let through"), (addresses[1], "dropped by")] {
      let explanation = try explain("node 10.244.1.7:80", in: ruleset) {
        $0.node = NodeFacts(addresses: addresses, areAll: true, source: { _ in source })
      }
      #expect(explanation.answer.contains(end), "\(explanation.answer)")
    }
  }

  @Test func `another backend's rules are taken to leave the packet alone`() throws {
    func assumptions(_ other: String) throws -> String {
      let used = try Fixture("nft-1.28/a-01-baseline.rules").snapshot()
      let beside = try SaveFileParser.parse(Array(other.utf8))
      let ruleset = Ruleset(name: "kernel", families: [used], beside: beside, isKernel: true)
      let explanation = try explain("10.244.1.7 10.96.0.10:53/udp", in: ruleset)
      return text { explanation.write(to: &$0) }
    }
    let sentence =
      "assumed: the rules of legacy, which packets meet too, leave it alone (--backend)"
    #expect(try assumptions("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n").contains(sentence))
    #expect(try assumptions("*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n").contains(sentence))
    #expect(try !assumptions("*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n").contains("legacy"))
  }

  /// Rules of raw before those of the services, and of filter.
  static let untracking = [
    Case(
      "-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j NOTRACK", "-A INPUT -j ACCEPT",
      "kube-system/kube-dns:dns: lost: raw's PREROUTING rule 1 leaves the packet untracked, so that nat does "
        + "not see it and it does not come to KUBE-SERVICES rule 1, which would translate it", 1),
    Case(
      "-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j CT --notrack",
      "-A INPUT -d 10.96.0.10/32 -p udp -m udp --dport 53 -j ACCEPT\n-A FORWARD -j DROP",
      "kube-system/kube-dns:dns: not translated: raw's PREROUTING rule 1 leaves the packet untracked, so that "
        + "nat does not see it; delivered on the node; source kept"),
    // The cache of another address.
    Case(
      "-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j NOTRACK",
      "-A INPUT -d 169.254.20.10/32 -p udp -m udp --dport 53 -j ACCEPT",
      "kube-system/kube-dns:dns: lost: raw's PREROUTING rule 1 leaves the packet untracked, so that nat does "
        + "not see it and it does not come to KUBE-SERVICES rule 1, which would translate it", 1),
  ]

  @Test(arguments: untracking)
  func `rules that leave a packet untracked are why nat does not translate it`(_ test: Case) throws
  {
    let translated = "-A PREROUTING -p udp -j DNAT --to-destination 10.9.9.9\n"
    let rulesets = try ["", translated].map {
      try Ruleset(
        RulesetText(nat: $0 + Self.services, filter: test.packet, others: [.raw: test.rules]))
    }
    let explanation = try explain("10.244.9.9 kube-system/kube-dns", in: rulesets[0])
    #expect(explanation.answer == test.answer)
    #expect(explanation.exitStatus == test.status)
    let page = text { explanation.write(to: &$0) }
    #expect(
      page.contains(
        "assumed: 10.96.0.10 is the node's own address: rules leave requests to it untracked and "
          + "accept them, as the node-local DNS cache wants it\n") == (test.status == 0))
    // Nat sees it no more where another rule would translate it.
    let other = try explain("10.244.9.9 10.96.0.10:53/udp", in: rulesets[1])
    #expect(
      other.answer.contains("raw's PREROUTING rule 1 leaves the packet untracked"),
      "\(other.answer)")
    #expect(other.exitStatus == test.status)
  }

  /// Rules for an external IP, after those of the services.
  @Test(arguments: [
    (
      "node",
      "not translated: KUBE-SERVICES rule 3 does not match, so it goes to 198.51.100.9:53 itself; let through; "
        + "source kept"
    ),
    ("outside", both),
  ])
  func `kube-proxy leaves an external IP alone for some senders`(
    _ sender: String, _ answer: String
  ) throws {
    let dispatch =
      "-A KUBE-SERVICES -d 198.51.100.9/32 -p udp -m comment --comment \"kube-system/kube-dns:dns external IP\" "
      + "-m udp --dport 53"
    let nat =
      Self.services + "\n\(dispatch) -j KUBE-MARK-MASQ\n"
      + "\(dispatch) -m addrtype ! --src-type LOCAL -j KUBE-SVC-TCOU7JCQXEZGVUNU"
    let explanation = try explain(
      "\(sender) kube-system/kube-dns external", in: try Ruleset(RulesetText(nat: nat)))
    #expect(explanation.answer == "kube-system/kube-dns:dns: " + answer)
    #expect(explanation.exitStatus == 0)
  }

  @Test(arguments: ["8.8.8.8:53", "8.8.8.8", "8.8.8.8/icmp"])
  func `what leaves Docker's network is masqueraded, whether or not it has a port`(
    _ destination: String
  ) throws {
    let rule = "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
    let explanation = try explain(
      "172.17.0.3 \(destination)", in: try Ruleset(RulesetText(nat: rule + Self.services)))
    #expect(
      explanation.answer.hasSuffix("; let through; source rewritten, by nat's POSTROUTING rule 1"),
      "\(explanation.answer)")
  }

  @Test func `the DNS cache serves no other port of its address`() throws {
    let ruleset = try Ruleset(
      RulesetText(
        nat: Self.services, filter: "-A INPUT -d 10.96.0.10/32 -p udp -m udp --dport 53 -j ACCEPT",
        others: [.raw: "-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j NOTRACK"]))
    let explanation = try explain("10.244.9.9 10.96.0.10:54/udp", in: ruleset)
    #expect(
      explanation.answer
        == "10.96.0.10:54/udp: lost: no rule of nat matches 10.96.0.10:54/udp, a cluster "
        + "IP of kube-system/kube-dns that is served at 53/udp")
  }

  @Test func `a policy that drops is named`() throws {
    let rules = RulesetText(nat: Self.services, filter: "").text
      .replacing(":FORWARD ACCEPT", with: ":FORWARD DROP")
    let explanation = try explain(
      "10.244.9.9 10.96.0.10:53/udp", in: try Ruleset(bytes: Array(rules.utf8)))
    let page = text { explanation.write(to: &$0) }
    #expect(
      explanation.answer
        == "kube-system/kube-dns:dns: dropped by the policy of filter's FORWARD, on the way to "
        + "10.244.1.2:53, 10.244.3.2:53")
    #expect(page.contains("FORWARD, filter\n  the policy drops what is left\n"))
  }

  @Test func `packets marked to be dropped are dropped because of the rule that marked them`()
    throws
  {
    let nat =
      Self.services + "\n"
        + """
        -A KUBE-SERVICES -d 198.51.100.9/32 -p udp -m comment --comment "kube-system/kube-dns:dns loadbalancer IP" -m udp --dport 53 -j KUBE-FW-TCOU7JCQXEZGVUNU
        -A KUBE-FW-TCOU7JCQXEZGVUNU -s 203.0.113.0/24 -j KUBE-SVC-TCOU7JCQXEZGVUNU
        -A KUBE-FW-TCOU7JCQXEZGVUNU -j KUBE-MARK-DROP
        -A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000
        """
    let filter = """
      -A FORWARD -j KUBE-FIREWALL
      -A KUBE-FIREWALL -m comment --comment "kubernetes firewall" -m mark --mark 0x8000/0x8000 -j DROP
      """
    let explanation = try explain(
      "192.0.2.9 198.51.100.9:53/udp", in: try Ruleset(RulesetText(nat: nat, filter: filter)))
    #expect(
      explanation.answer
        == "198.51.100.9:53/udp: dropped by filter's KUBE-FIREWALL rule 1, marked for it by "
        + "KUBE-FW-TCOU7JCQXEZGVUNU rule 2")
  }
}

/// Explains a packet in words: SRC DST, or in place of SRC `pod`, `node` or `outside`; then the way that is asked.
func explain(
  _ packet: String, in ruleset: Ruleset, _ change: (inout PacketQuestion) -> Void = { _ in }
) throws -> Explanation {
  let words = packet.split(separator: " ").map(String.init)
  let senders: [String: PacketSource] = ["pod": .pod, "node": .node, "outside": .outside]
  let source = try #require(senders[words[0]] ?? PacketSource(words[0]))
  var question = PacketQuestion(from: source, to: PacketDestination(words[1]))
  question.access = words.count > 2 ? ServiceAccess(rawValue: words[2]) : nil
  change(&question)
  return try Explanation(question, in: ruleset)
}

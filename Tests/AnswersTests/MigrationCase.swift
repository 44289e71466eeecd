import Answers
import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

/// A dump that somebody changed, and what is found of one subject.
struct MigrationCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var fixture = "legacy-1.36/a-00-baseline.rules"
  let subject: MigrationSubject
  var node: LiveNode?
  var evidence = NodeEvidence()
  var edits: [Edit] = []
  let status: MigrationFinding.Status
  /// What the sentences hold, all together.
  let words: [String]

  /// Replaces a text wherever it stands.
  struct Edit: Sendable {
    let old: String
    let new: String
  }

  func finding() throws -> MigrationFinding {
    let report = try report()
    return try #require(report.findings.first?.first { $0.subject == subject })
  }

  func report() throws -> MigrationReport {
    var text = String(decoding: try Fixture(fixture).bytes(), as: UTF8.self)
    for edit in edits {
      try #require(text.contains(edit.old), "nothing to replace: \(edit.old)")
      text = text.replacing(edit.old, with: edit.new)
    }
    let families = try SaveFileParser.parse(Array(text.utf8))
    let mode = KubeProxyMode(of: families, evidence)
    var report = MigrationReport()
    report.add(Ruleset(name: "node", families: families, mode: mode), node: node)
    return report
  }
}

extension MigrationCase {
  private static let localhost = "localhost_nps_accepted_pkts"
  private static let invalid = "ct_state_invalid_dropped_pkts"
  private static let jump = "-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
  private static let forward =
    #"-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD"#

  static let kernels = [
    ("5.13.0-52-generic", .ok, "Linux 5.13.0-52-generic is 5.13 or later"),
    ("6.18.44-fc-v857", .ok, "is 5.13 or later"), ("10.0", .ok, "is 5.13 or later"),
    ("5.13-rc1", .ok, "is 5.13 or later"),
    ("5.12.19", .blocks, "Linux 5.12.19 is older than 5.13"),
    ("4.19.0-26-amd64", .blocks, "is older than 5.13"), ("5.4.0", .blocks, "is older than 5.13"),
    ("nonsense", .unknown, "version can't be read"), ("5", .unknown, "version can't be read"),
    (nil, .unknown, "version can't be read"),
  ].map { (release: String?, status: MigrationFinding.Status, words: String) in
    MigrationCase(
      testDescription: "Kernel \(release ?? "unknown")", subject: .kernel,
      node: .node(release: release),
      status: status, words: [words])
  }

  static let nodePorts: [MigrationCase] = [
    MigrationCase(
      testDescription: "localhost: the live node has counted some", subject: .localhostNodePorts,
      node: .node([localhost: 3]), status: .blocks, words: ["has counted 3 connections"]),
    MigrationCase(
      testDescription: "localhost: the live node has counted none", subject: .localhostNodePorts,
      node: .node([localhost: 0]), status: .ok, words: ["no client uses NodePorts at 127.0.0.1"]),
    MigrationCase(
      testDescription: "localhost: a file's rules have counted some", subject: .localhostNodePorts,
      edits: [.init(old: "[0:0] -A KUBE-NODEPORTS -d 127", new: "[1:60] -A KUBE-NODEPORTS -d 127")],
      status: .blocks, words: ["these rules have counted 4 connections"]),
    MigrationCase(
      testDescription: "localhost: a file has no counters", subject: .localhostNodePorts,
      status: .unknown, words: ["is counted on the live node only"]),
    MigrationCase(
      testDescription: "localhost: an old kube-proxy counts none",
      fixture: "legacy-1.28/h-02-dual-nodeport.rules", subject: .localhostNodePorts, node: .node(),
      status: .unknown, words: ["kube-proxy does so from 1.31 on"]),
    MigrationCase(
      testDescription: "localhost: nfacct can't be read",
      subject: .localhostNodePorts, node: .node(failure: "cannot read it"), status: .unknown,
      words: ["cannot read it"]),
    MigrationCase(
      testDescription: "localhost: kube-proxy leaves it out", subject: .localhostNodePorts,
      edits: excludingLocalhost, status: .ok,
      words: ["kube-proxy does not serve NodePorts at 127.0.0.1"]),
    MigrationCase(
      testDescription: "localhost: NodePorts are at another address only",
      subject: .localhostNodePorts, edits: restricting("192.0.2.7/32"), status: .ok,
      words: ["kube-proxy does not serve NodePorts at 127.0.0.1"]),
    MigrationCase(
      testDescription: "localhost: NodePorts are at 127.0.0.1 too",
      subject: .localhostNodePorts, edits: restricting("127.0.0.1/32"), status: .unknown,
      words: ["is counted on the live node only"]),
    MigrationCase(
      testDescription: "localhost: IPv6 has none", fixture: "legacy-1.36/a-00-baseline.v6.rules",
      subject: .localhostNodePorts, status: .ok, words: ["only IPv4 has NodePorts at 127.0.0.1"]),
    MigrationCase(
      testDescription: "localhost: there are no NodePorts",
      fixture: "legacy-1.28/a-01-baseline.rules", subject: .localhostNodePorts, status: .ok,
      words: ["there are no NodePorts (IPv4)"]),
    MigrationCase(
      testDescription: "addresses: all", subject: .nodePortAddresses, status: .look,
      words: [
        "4 NodePorts can be reached at all addresses of the node (IPv4)", "counted no connection",
      ]),
    MigrationCase(
      testDescription: "addresses: all, and connections were counted",
      subject: .nodePortAddresses,
      edits: [
        .init(old: "[0:0] -A KUBE-NODEPORTS -p tcp", new: "[2:120] -A KUBE-NODEPORTS -p tcp")
      ],
      status: .look, words: ["counted 8 connections", "don't tell to which address"]),
    MigrationCase(
      testDescription: "addresses: some", subject: .nodePortAddresses,
      edits: restricting("192.0.2.7/32"), status: .ok,
      words: ["NodePorts are restricted to 192.0.2.7 (IPv4)"]),
    MigrationCase(
      testDescription: "addresses: all of IPv6", fixture: "legacy-1.28/h-02-dual-nodeport.v6.rules",
      subject: .nodePortAddresses, status: .look, words: ["all addresses of the node (IPv6)"]),
    MigrationCase(
      testDescription: "addresses: none lead there", subject: .nodePortAddresses,
      edits: [.init(old: jump, new: "-m addrtype --dst-type LOCAL -j KUBE-MARK-MASQ")],
      status: .unknown, words: ["no rule of KUBE-SERVICES leads to the 4 NodePorts (IPv4)"]),
    MigrationCase(
      testDescription: "addresses: there are no NodePorts",
      fixture: "legacy-1.28/a-01-baseline.rules", subject: .nodePortAddresses, status: .ok,
      words: ["there are no NodePorts (IPv4)"]),
  ]

  /// Has the jump to KUBE-NODEPORTS lead there from one address only.
  private static func restricting(_ address: String) -> [Edit] {
    [
      .init(
        old: #"-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports"#,
        new: #"-A KUBE-SERVICES -d \#(address) -m comment --comment "kubernetes service nodeports"#),
      .init(old: jump, new: "-j KUBE-NODEPORTS"),
    ]
  }

  /// As kube-proxy writes with `--iptables-localhost-nodeports=false`.
  private static let excludingLocalhost = [
    Edit(
      old: #"-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports"#,
      new: #"-A KUBE-SERVICES ! -d 127.0.0.0/8 -m comment --comment "kubernetes service nodeports"#)
  ]

  static let filter: [MigrationCase] = [
    MigrationCase(
      testDescription: "invalid: the live node has dropped some", subject: .invalidPackets,
      node: .node([invalid: 1]), status: .look, words: ["has dropped 1 invalid packet,"]),
    MigrationCase(
      testDescription: "invalid: the live node has dropped none", subject: .invalidPackets,
      node: .node([invalid: 0]), status: .ok, words: ["has dropped no invalid packet"]),
    MigrationCase(
      testDescription: "invalid: a file's rule has dropped some", subject: .invalidPackets,
      edits: [
        .init(
          old: "[0:0] -A KUBE-FORWARD -m conntrack --ctstate INVALID",
          new: "[5:300] -A KUBE-FORWARD -m conntrack --ctstate INVALID")
      ], status: .look, words: ["has dropped 5 invalid packets since it last wrote the rules"]),
    MigrationCase(
      testDescription: "invalid: a file doesn't tell", subject: .invalidPackets, status: .unknown,
      words: ["the live node counts them"]),
    MigrationCase(
      testDescription: "invalid: an old kube-proxy doesn't tell",
      fixture: "legacy-1.28/a-01-baseline.rules", subject: .invalidPackets, node: .node(),
      status: .unknown, words: ["in nfacct from 1.31 on"]),
    MigrationCase(
      testDescription: "invalid: no rule drops them", subject: .invalidPackets,
      edits: [.init(old: "--ctstate INVALID", new: "--ctstate UNTRACKED")], status: .ok,
      words: ["no rule of kube-proxy drops invalid packets"]),
    MigrationCase(
      testDescription: "policies: nothing is dropped", subject: .policies, status: .ok,
      words: ["filter drops nothing that kube-proxy accepts"]),
    MigrationCase(
      testDescription: "policies: FORWARD's is DROP, and nobody else accepts", subject: .policies,
      edits: [.init(old: ":FORWARD ACCEPT", new: ":FORWARD DROP")], status: .blocks,
      words: [
        "FORWARD has the policy DROP (IPv4)", "no rule but kube-proxy's", "accepted 0 packets",
      ]),
    MigrationCase(
      testDescription: "policies: FORWARD's is DROP, and Docker's and flannel's rules may accept",
      fixture: "legacy-1.28/n-01-noise.rules", subject: .policies,
      edits: [.init(old: ":FORWARD ACCEPT", new: ":FORWARD DROP")], status: .look,
      words: ["FORWARD has the policy DROP (IPv4)", "rules of others may accept"]),
    MigrationCase(
      testDescription: "policies: FORWARD ends in a rule that rejects all", subject: .policies,
      edits: [
        .init(
          old: forward,
          new: forward + "\n[0:0] -A FORWARD -j REJECT --reject-with icmp-host-prohibited")
      ], status: .blocks, words: ["a rule of FORWARD drops all that is left (IPv4)"]),
    MigrationCase(
      testDescription: "policies: INPUT's is DROP, and there are health checks", subject: .policies,
      edits: [.init(old: ":INPUT ACCEPT", new: ":INPUT DROP")], status: .blocks,
      words: ["INPUT has the policy DROP (IPv4), and kube-proxy accepts health checks at 1 port"]),
    MigrationCase(
      testDescription: "policies: INPUT's is DROP, and there are no health checks",
      fixture: "legacy-1.28/a-01-baseline.rules", subject: .policies,
      edits: [.init(old: ":INPUT ACCEPT", new: ":INPUT DROP")], status: .ok,
      words: ["filter drops nothing that kube-proxy accepts"]),
  ]

  private static let ipvs = NodeEvidence(hasInterface: true)
  private static let table = NodeEvidence(hasTable: true)

  static let others: [MigrationCase] = [
    MigrationCase(
      testDescription: "foreign: none", subject: .foreignRules, status: .ok,
      words: ["all rules in KUBE-* chains"]),
    MigrationCase(
      testDescription: "foreign: one inside", subject: .foreignRules,
      edits: [
        .init(
          old: "-A KUBE-MARK-MASQ -j MARK",
          new: "-A KUBE-MARK-MASQ -j LOG\n[0:0] -A KUBE-MARK-MASQ -j MARK")
      ], status: .blocks, words: ["kube-proxy's chains hold 1 rule that it does not write"]),
    MigrationCase(
      testDescription: "foreign: two lead there", subject: .foreignRules,
      edits: [
        .init(
          old: "[0:0] -A KUBE-MARK-MASQ -j MARK",
          new: """
            [0:0] -A POSTROUTING -s 10.244.0.0/16 -j KUBE-MARK-MASQ
            [0:0] -A OUTPUT -j KUBE-MARK-MASQ
            [0:0] -A KUBE-MARK-MASQ -j MARK
            """)
      ], status: .blocks, words: ["2 rules that kube-proxy did not write lead into its chains"]),
    MigrationCase(
      testDescription: "leftovers: a file doesn't tell", subject: .leftovers, status: .unknown,
      words: ["show on the live node only"]),
    MigrationCase(
      testDescription: "leftovers: the live node has none", subject: .leftovers, node: .node(),
      status: .ok, words: ["nothing is left of another mode"]),
    MigrationCase(
      testDescription: "leftovers: the interface of the mode ipvs", subject: .leftovers,
      node: .node(evidence: ipvs), evidence: ipvs, status: .look,
      words: ["an interface kube-ipvs0 and 29 rules for services: one of both is left over"]),
    MigrationCase(
      testDescription: "mode: the interface of the mode ipvs", subject: .mode,
      node: .node(evidence: ipvs), evidence: ipvs, status: .look,
      words: ["kube-proxy is in ipvs mode, or was"]),
    MigrationCase(
      testDescription: "leftovers: the table of the mode nftables", subject: .leftovers,
      node: .node(evidence: table), evidence: table, status: .look,
      words: ["29 rules for services are left of the mode iptables, in nftables mode"]),
    MigrationCase(
      testDescription: "leftovers: chains of the mode ipvs", subject: .leftovers,
      edits: [
        .init(
          old: ":KUBE-MARK-MASQ - [0:0]", new: ":KUBE-MARK-MASQ - [0:0]\n:KUBE-NODE-PORT - [0:0]")
      ], status: .look, words: ["chains of the mode ipvs stand beside 29 rules for services"]),
    MigrationCase(
      testDescription: "mode: iptables", subject: .mode, status: .ok,
      words: ["kube-proxy is in iptables mode"]),
  ]

  static let all = kernels + nodePorts + filter + others
}

extension LiveNode {
  /// A node whose nfacct has counted so much.
  static func node(
    _ counted: [String: UInt64] = [:], release: String? = "6.1.0-18-amd64",
    evidence: NodeEvidence = NodeEvidence(), failure: String? = nil
  ) -> LiveNode {
    LiveNode(kernelRelease: release, evidence: evidence, accountsFailure: failure) { counted[$0] }
  }
}

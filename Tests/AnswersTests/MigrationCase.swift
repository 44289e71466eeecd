import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Answers

/// A dump that somebody changed, and what is found of one subject.
struct MigrationCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let fixture: String
  let subject: MigrationSubject
  let node: LiveNode?
  let edits: [Edit]
  let status: MigrationFinding.Status
  /// What the sentences hold, all together.
  let words: [String]

  /// A text, and what it is replaced with wherever it stands.
  typealias Edit = (old: String, new: String)

  init(
    _ description: String, fixture: String = "legacy-1.36/a-00-baseline.rules",
    _ subject: MigrationSubject, node: LiveNode? = nil, edits: [Edit] = [],
    _ status: MigrationFinding.Status, _ words: String...
  ) {
    testDescription = description
    self.fixture = fixture
    self.subject = subject
    self.node = node
    self.edits = edits
    self.status = status
    self.words = words
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
    let mode = KubeProxyMode(of: families, node?.evidence ?? NodeEvidence())
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
      "Kernel \(release ?? "unknown")", .kernel, node: .node(release: release), status, words)
  }

  static let nodePorts: [MigrationCase] = [
    MigrationCase(
      "localhost: the live node has counted some", .localhostNodePorts, node: .node([localhost: 3]),
      .blocks, "has counted 3 connections"),
    MigrationCase(
      "localhost: the live node has counted none", .localhostNodePorts, node: .node([localhost: 0]),
      .ok, "no client uses NodePorts at 127.0.0.1"),
    MigrationCase(
      "localhost: a file's rules have counted some", .localhostNodePorts,
      edits: [("[0:0] -A KUBE-NODEPORTS -d 127", "[1:60] -A KUBE-NODEPORTS -d 127")], .blocks,
      "these rules have counted 4 connections"),
    MigrationCase(
      "localhost: a file has no counters", .localhostNodePorts, .unknown,
      "is counted on the live node only"),
    MigrationCase(
      "localhost: an old kube-proxy counts none", fixture: "legacy-1.28/h-02-dual-nodeport.rules",
      .localhostNodePorts, node: .node(), .unknown, "kube-proxy does so from 1.31 on"),
    MigrationCase(
      "localhost: nfacct can't be read", .localhostNodePorts,
      node: .node(failure: "cannot read it"), .unknown, "cannot read it"),
    MigrationCase(
      "localhost: kube-proxy leaves it out", .localhostNodePorts, edits: excludingLocalhost, .ok,
      "kube-proxy does not serve NodePorts at 127.0.0.1"),
    MigrationCase(
      "localhost: NodePorts are at another address only", .localhostNodePorts,
      edits: restricting("192.0.2.7/32"), .ok, "kube-proxy does not serve NodePorts at 127.0.0.1"),
    MigrationCase(
      "localhost: NodePorts are at 127.0.0.1 too", .localhostNodePorts,
      edits: restricting("127.0.0.1/32"), .unknown, "is counted on the live node only"),
    MigrationCase(
      "localhost: IPv6 has none", fixture: "legacy-1.36/a-00-baseline.v6.rules",
      .localhostNodePorts, .ok, "only IPv4 has NodePorts at 127.0.0.1"),
    MigrationCase(
      "localhost: there are no NodePorts", fixture: "legacy-1.28/a-01-baseline.rules",
      .localhostNodePorts, .ok, "there are no NodePorts (IPv4)"),
    MigrationCase(
      "addresses: all", .nodePortAddresses, .look,
      "4 NodePorts can be reached at all addresses of the node (IPv4)", "counted no connection"),
    MigrationCase(
      "addresses: all, and connections were counted", .nodePortAddresses,
      edits: [("[0:0] -A KUBE-NODEPORTS -p tcp", "[2:120] -A KUBE-NODEPORTS -p tcp")], .look,
      "counted 8 connections", "don't tell to which address"),
    MigrationCase(
      "addresses: some", .nodePortAddresses, edits: restricting("192.0.2.7/32"), .ok,
      "NodePorts are restricted to 192.0.2.7 (IPv4)"),
    MigrationCase(
      "addresses: all of IPv6", fixture: "legacy-1.28/h-02-dual-nodeport.v6.rules",
      .nodePortAddresses, .look, "all addresses of the node (IPv6)"),
    MigrationCase(
      "addresses: none lead there", .nodePortAddresses,
      edits: [(jump, "-m addrtype --dst-type LOCAL -j KUBE-MARK-MASQ")], .unknown,
      "no rule of KUBE-SERVICES leads to the 4 NodePorts (IPv4)"),
    MigrationCase(
      "addresses: there are no NodePorts", fixture: "legacy-1.28/a-01-baseline.rules",
      .nodePortAddresses, .ok, "there are no NodePorts (IPv4)"),
  ]

  /// Has the jump to KUBE-NODEPORTS lead there from one address only.
  private static func restricting(_ address: String) -> [Edit] {
    [
      (
        #"-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports"#,
        #"-A KUBE-SERVICES -d \#(address) -m comment --comment "kubernetes service nodeports"#
      ),
      (jump, "-j KUBE-NODEPORTS"),
    ]
  }

  /// As kube-proxy writes with `--iptables-localhost-nodeports=false`.
  private static let excludingLocalhost = [
    (
      #"-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports"#,
      #"-A KUBE-SERVICES ! -d 127.0.0.0/8 -m comment --comment "kubernetes service nodeports"#
    )
  ]

  static let filter: [MigrationCase] = [
    MigrationCase(
      "invalid: the live node has dropped some", .invalidPackets, node: .node([invalid: 1]), .look,
      "has dropped 1 invalid packet,"),
    MigrationCase(
      "invalid: the live node has dropped none", .invalidPackets, node: .node([invalid: 0]), .ok,
      "has dropped no invalid packet"),
    MigrationCase(
      "invalid: a file's rule has dropped some", .invalidPackets,
      edits: [
        (
          "[0:0] -A KUBE-FORWARD -m conntrack --ctstate INVALID",
          "[5:300] -A KUBE-FORWARD -m conntrack --ctstate INVALID"
        )
      ], .look, "has dropped 5 invalid packets since it last wrote the rules"),
    MigrationCase(
      "invalid: a file doesn't tell", .invalidPackets, .unknown, "the live node counts them"),
    MigrationCase(
      "invalid: an old kube-proxy doesn't tell", fixture: "legacy-1.28/a-01-baseline.rules",
      .invalidPackets, node: .node(), .unknown, "in nfacct from 1.31 on"),
    MigrationCase(
      "invalid: no rule drops them", .invalidPackets,
      edits: [("--ctstate INVALID", "--ctstate UNTRACKED")], .ok,
      "no rule of kube-proxy drops invalid packets"),
    MigrationCase(
      "policies: nothing is dropped", .policies, .ok, "filter drops nothing that kube-proxy accepts"
    ),
    MigrationCase(
      "policies: FORWARD's is DROP, and nobody else accepts", .policies,
      edits: [(":FORWARD ACCEPT", ":FORWARD DROP")], .blocks, "FORWARD has the policy DROP (IPv4)",
      "no rule but kube-proxy's", "accepted 0 packets"),
    MigrationCase(
      "policies: FORWARD's is DROP, and Docker's and flannel's rules may accept",
      fixture: "legacy-1.28/n-01-noise.rules", .policies,
      edits: [(":FORWARD ACCEPT", ":FORWARD DROP")], .look, "FORWARD has the policy DROP (IPv4)",
      "rules of others may accept"),
    MigrationCase(
      "policies: FORWARD ends in a rule that rejects all", .policies,
      edits: [
        (forward, forward + "\n[0:0] -A FORWARD -j REJECT --reject-with icmp-host-prohibited")
      ], .blocks, "a rule of FORWARD drops all that is left (IPv4)"),
    MigrationCase(
      "policies: INPUT's is DROP, and there are health checks", .policies,
      edits: [(":INPUT ACCEPT", ":INPUT DROP")], .blocks,
      "INPUT has the policy DROP (IPv4), and kube-proxy accepts health checks at 1 port"),
    MigrationCase(
      "policies: INPUT's is DROP, and there are no health checks",
      fixture: "legacy-1.28/a-01-baseline.rules", .policies,
      edits: [(":INPUT ACCEPT", ":INPUT DROP")], .ok, "filter drops nothing that kube-proxy accepts"
    ),
  ]

  private static let ipvs = NodeEvidence(hasInterface: true)
  private static let table = NodeEvidence(hasTable: true)

  static let others: [MigrationCase] = [
    MigrationCase("foreign: none", .foreignRules, .ok, "all rules in KUBE-* chains"),
    MigrationCase(
      "foreign: one inside", .foreignRules,
      edits: [
        ("-A KUBE-MARK-MASQ -j MARK", "-A KUBE-MARK-MASQ -j LOG\n[0:0] -A KUBE-MARK-MASQ -j MARK")
      ], .blocks, "kube-proxy's chains hold 1 rule that it does not write"),
    MigrationCase(
      "foreign: two lead there", .foreignRules,
      edits: [
        (
          "[0:0] -A KUBE-MARK-MASQ -j MARK",
          """
          [0:0] -A POSTROUTING -s 10.244.0.0/16 -j KUBE-MARK-MASQ
          [0:0] -A OUTPUT -j KUBE-MARK-MASQ
          [0:0] -A KUBE-MARK-MASQ -j MARK
          """
        )
      ], .blocks, "2 rules that kube-proxy did not write lead into its chains"),
    MigrationCase(
      "leftovers: a file doesn't tell", .leftovers, .unknown, "show on the live node only"),
    MigrationCase(
      "leftovers: the live node has none", .leftovers, node: .node(), .ok,
      "nothing is left of another mode"),
    MigrationCase(
      "leftovers: the interface of the mode ipvs", .leftovers, node: .node(evidence: ipvs), .look,
      "an interface kube-ipvs0 and 29 rules for services: one of both is left over"),
    MigrationCase(
      "mode: the interface of the mode ipvs", .mode, node: .node(evidence: ipvs), .look,
      "kube-proxy is in ipvs mode, or was"),
    MigrationCase(
      "leftovers: the table of the mode nftables", .leftovers, node: .node(evidence: table), .look,
      "29 rules for services are left of the mode iptables, in nftables mode"),
    MigrationCase(
      "leftovers: chains of the mode ipvs", .leftovers,
      edits: [(":KUBE-MARK-MASQ - [0:0]", ":KUBE-MARK-MASQ - [0:0]\n:KUBE-NODE-PORT - [0:0]")],
      .look, "chains of the mode ipvs stand beside 29 rules for services"),
    MigrationCase("mode: iptables", .mode, .ok, "kube-proxy is in iptables mode"),
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

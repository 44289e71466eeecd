import KubeProxy
import Netfilter
import TestSupport
import Testing

/// A fault that somebody plants into a real rule set.
struct PlantedFault: Sendable, CustomTestStringConvertible {
  let fixture: Fixture
  let name: String
  /// What is to be found, and nothing else: kind, table and chain of each.
  let expected: [String]
  /// kube-proxy's, as somebody has set it.
  let mode: KubeProxyMode
  /// What the other backend holds; nil for nothing.
  let other: Fixture?
  let plant: @Sendable (inout DumpText) -> Void

  var testDescription: String { "\(name), in \(fixture)" }

  init(
    _ fixture: String, _ name: String, _ expected: String..., mode: KubeProxyMode = .iptables,
    other: String? = nil, plant: @escaping @Sendable (inout DumpText) -> Void = { _ in }
  ) {
    self.fixture = Fixture(fixture + ".rules")
    self.name = name
    self.expected = expected
    self.mode = mode
    self.other = other.map { Fixture($0 + ".rules") }
    self.plant = plant
  }

  static let all = chains + dispatch + tables + causes + others + walks
  static let new = "legacy-1.28/d-12-multiport"
  static let old = "legacy-1.21/d-12-multiport"
  static let large = "legacy-1.28/f-01-500x5"
  static let ipv6 = "legacy-1.28/h-02-dual-nodeport.v6"

  private static let chains = [
    PlantedFault(new, "Another destination", "endpoint_mismatch nat KUBE-SEP-3TQL3DUCFLM46LFQ") {
      $0.replace("10.244.2.12:9090", "192.0.2.9:9090", in: "-A KUBE-SEP-3TQL3DUCFLM46LFQ", "DNAT")
    },
    PlantedFault(
      old, "Another port of the destination", "endpoint_mismatch nat KUBE-SEP-3TQL3DUCFLM46LFQ"
    ) {
      $0.replace(":9090", ":9091", in: "-A KUBE-SEP-3TQL3DUCFLM46LFQ", "DNAT")
    },
    PlantedFault(
      new, "Another destination before the right one",
      "endpoint_mismatch nat KUBE-SEP-3TQL3DUCFLM46LFQ"
    ) {
      $0.insert("-A KUBE-SEP-3TQL3DUCFLM46LFQ -p tcp -j DNAT --to-destination 192.0.2.9:9090")
    },
    PlantedFault(new, "No destination", "endpoint_mismatch nat KUBE-SEP-3TQL3DUCFLM46LFQ") {
      $0.remove("-A KUBE-SEP-3TQL3DUCFLM46LFQ", "DNAT")
    },
    PlantedFault(new, "A destination that the saving iptables doesn't know") {
      $0.replace(
        "DNAT --to-destination 10.244.2.12:9090", "DNAT [unsupported revision]",
        in: "-A KUBE-SEP-3TQL3DUCFLM46LFQ", "DNAT")
    },
    PlantedFault(
      new, "Another destination before one that isn't known",
      "endpoint_mismatch nat KUBE-SEP-3TQL3DUCFLM46LFQ"
    ) {
      $0.replace("10.244.2.12:9090", "192.0.2.9:9090", in: "-A KUBE-SEP-3TQL3DUCFLM46LFQ", "DNAT")
      $0.insert("-A KUBE-SEP-3TQL3DUCFLM46LFQ -p tcp -j DNAT [unsupported revision]")
    },
    PlantedFault(
      large, "Another destination, where there are no comments",
      "endpoint_mismatch nat KUBE-SEP-22HJFAABZUIYCTYI"
    ) {
      $0.replace("10.244.183.7:8080", "10.244.183.8:8080", in: "-A KUBE-SEP-22HJFAABZUIYCTYI")
    },
    PlantedFault(
      ipv6, "Another IPv6 destination", "endpoint_mismatch nat KUBE-SEP-6Z5MFNK2C7S5YUJH"
    ) {
      $0.replace("[fd00:10:244:3::3]", "[fd00:10:244:3::4]", in: "-A KUBE-SEP-6Z5MFNK2C7S5YUJH")
    },
    PlantedFault(
      large, "The first endpoint less",
      "orphan_chain nat KUBE-SEP-GJQ5O6KHNKX6LF4P"
    ) {
      $0.remove("-A KUBE-SVC-22GIHJPW4UVD6WT7", "-j KUBE-SEP-GJQ5O6KHNKX6LF4P")
    },
    PlantedFault(
      "nft-1.28/d-12-multiport", "The last endpoint less",
      "unequal_shares nat KUBE-SVC-ASBYF5X2EZL6J3ET"
    ) {
      $0.remove("-A KUBE-SVC-ASBYF5X2EZL6J3ET", "-j KUBE-SEP-7ISOVGSQITRFPHRR")
    },
    PlantedFault(
      large, "The last endpoint less, where no comment says whose it is",
      "orphan_chain nat KUBE-SEP-DDUSEQ4XBUDHICWD", "unequal_shares nat KUBE-SVC-22GIHJPW4UVD6WT7"
    ) {
      $0.remove("-A KUBE-SVC-22GIHJPW4UVD6WT7", "-j KUBE-SEP-DDUSEQ4XBUDHICWD")
    },
    PlantedFault(
      new, "An external chain that leads nowhere",
      "service_without_endpoint nat KUBE-EXT-AE7CPCBSXNPDXW7C"
    ) {
      $0.remove("-A KUBE-EXT-AE7CPCBSXNPDXW7C", "-j KUBE-SVC-AE7CPCBSXNPDXW7C")
    },
    PlantedFault(new, "An external chain of a Local policy without local endpoints") {
      $0.remove("-A KUBE-EXT-ASBYF5X2EZL6J3ET -j KUBE-SVL-ASBYF5X2EZL6J3ET")
      $0.remove("-A KUBE-SVL-ASBYF5X2EZL6J3ET")
      $0.undeclare("KUBE-SVL-ASBYF5X2EZL6J3ET", "nat")
    },
    PlantedFault(
      "nft-1.28/d-12-multiport", "A probability of another number of endpoints",
      "unequal_shares nat KUBE-SVC-ASBYF5X2EZL6J3ET"
    ) {
      $0.replace("0.33333333349", "0.50000000000", in: "-A KUBE-SVC-ASBYF5X2EZL6J3ET")
    },
    PlantedFault(
      new, "A service's comment on another's chain",
      "comment_mismatch nat KUBE-SVC-JD5MR3NA4I4DYORP"
    ) {
      $0.replace(
        "kube-system/kube-dns:metrics", "web/evil:metrics", in: "-A KUBE-SVC-JD5MR3NA4I4DYORP")
    },
    PlantedFault(
      new, "A comment on an endpoint's chain", "comment_mismatch nat KUBE-SEP-3TQL3DUCFLM46LFQ"
    ) {
      $0.replace("web/multi:metrics", "web/evil", in: "-A KUBE-SEP-3TQL3DUCFLM46LFQ", "DNAT")
    },
    PlantedFault(
      new, "A comment on a chain for external traffic",
      "comment_mismatch nat KUBE-EXT-YEHK6MAYWBOMIRYM"
    ) {
      $0.replace(
        "traffic for web/multi:metrics", "traffic for web/evil",
        in: "-A KUBE-EXT-YEHK6MAYWBOMIRYM")
    },
    PlantedFault(new, "A chain that is left over", "orphan_chain nat KUBE-SVC-AAAAAAAAAAAAAAAA") {
      $0.declare("KUBE-SVC-AAAAAAAAAAAAAAAA")
    },
    PlantedFault(
      new, "A service's only rule is gone", "cluster_ip_missing nat KUBE-SVC-JD5MR3NA4I4DYORP"
    ) {
      $0.remove("-A KUBE-SERVICES", "-j KUBE-SVC-JD5MR3NA4I4DYORP")
    },
    PlantedFault(
      new, "A service's rules without endpoints",
      "service_without_endpoint nat KUBE-SVC-JD5MR3NA4I4DYORP"
    ) {
      $0.remove("-A KUBE-SVC-JD5MR3NA4I4DYORP", "-j KUBE-SEP-")
    },
    PlantedFault(
      new, "A service's chain without rules", "jump_to_empty_chain nat KUBE-SVC-JD5MR3NA4I4DYORP"
    ) {
      $0.remove("-A KUBE-SVC-JD5MR3NA4I4DYORP")
    },
    PlantedFault(
      new, "An endpoint's chain without rules",
      "jump_to_empty_chain nat KUBE-SEP-3TQL3DUCFLM46LFQ"
    ) {
      $0.remove("-A KUBE-SEP-3TQL3DUCFLM46LFQ")
    },
    PlantedFault(
      new, "An external chain without rules", "jump_to_empty_chain nat KUBE-EXT-ZFNTJIRAGUB2BS55"
    ) {
      $0.remove("-A KUBE-EXT-ZFNTJIRAGUB2BS55")
    },
    PlantedFault(new, "An uneven probability", "unequal_shares nat KUBE-SVC-JD5MR3NA4I4DYORP") {
      $0.replace("0.50000000000", "0.50002000000", in: "-A KUBE-SVC-JD5MR3NA4I4DYORP")
    },
    PlantedFault(
      new, "No probability at all", "unequal_shares nat KUBE-SVC-JD5MR3NA4I4DYORP"
    ) {
      $0.replace(
        "-m statistic --mode random --probability 0.50000000000 ", "",
        in: "-A KUBE-SVC-JD5MR3NA4I4DYORP")
    },
  ]

  private static let dispatch = [
    PlantedFault(
      new, "No rule for the API server", "cluster_ip_missing nat KUBE-SVC-NPX46M4PTMTKRN6Y"
    ) {
      $0.remove("-A KUBE-SERVICES", "-j KUBE-SVC-NPX46M4PTMTKRN6Y")
    },
    PlantedFault(
      new, "No rule for the API server, where IPVS serves",
      "orphan_chain nat KUBE-SVC-NPX46M4PTMTKRN6Y", "ghost_rules filter KUBE-EXTERNAL-SERVICES",
      "ghost_rules nat KUBE-NODEPORTS", mode: .ipvs
    ) {
      $0.remove("-A KUBE-SERVICES", "-j KUBE-SVC-NPX46M4PTMTKRN6Y")
    },
    PlantedFault(
      new, "No rule for a cluster IP, where a NodePort has one",
      "cluster_ip_missing nat KUBE-SERVICES"
    ) {
      $0.remove("-A KUBE-SERVICES", "web/multi:http cluster IP")
    },
    PlantedFault(
      new, "A dispatch rule's comment", "comment_mismatch nat KUBE-SVC-JD5MR3NA4I4DYORP"
    ) {
      $0.replace(
        "kube-system/kube-dns:metrics", "web/evil", in: "-A KUBE-SERVICES",
        "-j KUBE-SVC-JD5MR3NA4I4DYORP")
    },
    PlantedFault(new, "A NodePort's second service", "node_port_conflict nat KUBE-NODEPORTS") {
      $0.append("-A KUBE-NODEPORTS -p tcp -m tcp --dport 31998 -j KUBE-EXT-ZFNTJIRAGUB2BS55")
    },
    PlantedFault(old, "A NodePort's second service", "node_port_conflict nat KUBE-NODEPORTS") {
      $0.append(
        "-A KUBE-NODEPORTS -p tcp -m comment --comment \"web/lb-local\" -m tcp --dport 31998 "
          + "-j KUBE-XLB-ZFNTJIRAGUB2BS55")
    },
    PlantedFault(new, "A NodePort of another protocol") {
      $0.append("-A KUBE-NODEPORTS -p udp -m udp --dport 31998 -j KUBE-EXT-ZFNTJIRAGUB2BS55")
    },
    PlantedFault(new, "NodePorts at different addresses") {
      $0.replace("-A KUBE-NODEPORTS", "-A KUBE-NODEPORTS -d 192.0.2.1/32", in: "--dport 31998")
      $0.append(
        "-A KUBE-NODEPORTS -d 192.0.2.2/32 -p tcp -m tcp --dport 31998 "
          + "-j KUBE-EXT-ZFNTJIRAGUB2BS55")
    },
    PlantedFault(new, "A NodePort's rule for the loopback, as 1.31 writes it") {
      $0.insert(
        "-A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment \"web/np-local\" -m tcp "
          + "--dport 31998 -m nfacct --nfacct-name  localhost_nps_accepted_pkts "
          + "-j KUBE-EXT-ASBYF5X2EZL6J3ET")
    },
    PlantedFault(
      new, "A rule behind the jump to NodePorts", "node_port_jump_not_last nat KUBE-SERVICES"
    ) {
      $0.append("-A KUBE-SERVICES -d 192.0.2.3/32 -j ACCEPT")
    },
    PlantedFault(
      ipv6, "The jump to NodePorts first, and last as well",
      "node_port_jump_not_last nat KUBE-SERVICES"
    ) {
      $0.insert(
        "-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this must be "
          + "the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")
    },
    PlantedFault(new, "Two jumps to NodePorts, for two addresses") {
      $0.replace("-m addrtype --dst-type LOCAL", "-d 192.0.2.1/32", in: "-j KUBE-NODEPORTS")
      $0.append("-A KUBE-SERVICES -d 192.0.2.2/32 -j KUBE-NODEPORTS")
    },
    PlantedFault(new, "A rule twice in KUBE-SERVICES", "duplicate_rule nat KUBE-SERVICES") {
      $0.double("-A KUBE-SERVICES", "-j KUBE-SVC-JD5MR3NA4I4DYORP")
    },
    PlantedFault(
      new, "An endpoint twice", "duplicate_rule nat KUBE-SVC-JD5MR3NA4I4DYORP"
    ) {
      $0.double("-A KUBE-SVC-JD5MR3NA4I4DYORP", "--probability")
    },
    PlantedFault(
      old, "A load balancer's rule twice", "duplicate_rule nat KUBE-FW-WOIESYSY4AANSXUN"
    ) {
      $0.double("-A KUBE-FW-WOIESYSY4AANSXUN", "-s 203.0.113.0/24")
    },
    PlantedFault(old, "The end twice", "duplicate_rule nat KUBE-FW-WOIESYSY4AANSXUN") {
      $0.double("-A KUBE-FW-WOIESYSY4AANSXUN", "-j KUBE-MARK-DROP")
    },
    PlantedFault(large, "A rule twice among many", "duplicate_rule nat KUBE-SERVICES") {
      $0.double("-A KUBE-SERVICES", "kube-system/kube-dns:metrics")
    },
  ]

  private static let tables = [
    PlantedFault(
      new, "A rule twice in filter", "duplicate_rule filter KUBE-EXTERNAL-SERVICES"
    ) {
      $0.double("-A KUBE-EXTERNAL-SERVICES", "--dport 31362", table: "filter")
    },
    PlantedFault(new, "No hook in nat", "hook_jump_missing nat PREROUTING") {
      $0.remove("-A PREROUTING", "-j KUBE-SERVICES")
    },
    PlantedFault(old, "No hook in filter", "hook_jump_missing filter OUTPUT") {
      $0.remove("-A OUTPUT", "-j KUBE-SERVICES", table: "filter")
    },
    PlantedFault(new, "No masquerading", "hook_jump_missing nat POSTROUTING") {
      $0.remove("-A POSTROUTING", "-j KUBE-POSTROUTING")
    },
    PlantedFault(new, "A hook twice", "hook_jump_duplicated nat OUTPUT") {
      $0.double("-A OUTPUT", "-j KUBE-SERVICES")
    },
    PlantedFault(ipv6, "A hook twice, without a comment", "hook_jump_duplicated nat PREROUTING") {
      $0.append("-A PREROUTING -j KUBE-SERVICES")
    },
    PlantedFault(new, "No canary in nat", "canary_missing nat KUBE-PROXY-CANARY") {
      $0.undeclare("KUBE-PROXY-CANARY", "nat")
    },
    PlantedFault(
      "legacy-1.28/n-01-noise", "No canaries in mangle", "canary_missing mangle KUBE-KUBELET-CANARY"
    ) {
      $0.undeclare("KUBE-PROXY-CANARY", "mangle")
      $0.undeclare("KUBE-KUBELET-CANARY", "mangle")
    },
    PlantedFault(new, "A bare DROP", "unguarded_drop filter KUBE-FIREWALL") {
      $0.append("-A KUBE-FIREWALL -j DROP", "filter")
    },
    PlantedFault(
      new, "A DROP whose mark was lost", "unguarded_drop filter KUBE-FIREWALL"
    ) {
      $0.append(
        "-A KUBE-FIREWALL -m comment --comment \"kubernetes firewall for dropping marked packets\" "
          + "-j DROP", "filter")
    },
    PlantedFault(new, "The kubelet's DROP of marked packets") {
      $0.append("-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP", "filter")
    },
    PlantedFault(
      new, "Another mode, and nobody cleaned up", "ghost_rules filter KUBE-EXTERNAL-SERVICES",
      "ghost_rules nat KUBE-NODEPORTS", mode: .nftables),
    PlantedFault(
      ipv6, "IPVS, and nobody cleaned up", "ghost_rules nat KUBE-NODEPORTS", mode: .ipvs),
    PlantedFault("legacy-1.28/n-01-noise", "Others' chains, as odd as they like") {
      $0.declare("KUBE-ROUTER-FORWARD", "filter")
      $0.declare("CNI-EMPTY")
      $0.append("-A POSTROUTING -j CNI-EMPTY")
      for _ in 0..<2 {
        $0.append("-A KUBE-ROUTER-FORWARD -j DROP", "filter")
        $0.append("-A DOCKER -i docker0 -j RETURN")
        $0.append("-A CNI-HOSTPORT-DNAT -p tcp -m tcp --dport 31998 -j DOCKER")
      }
    },
  ]
}

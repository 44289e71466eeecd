internal import Netfilter

/// What `migrate` found of one subject, in one source.
public struct MigrationFinding: Sendable {
  /// How a subject stands to a change to kube-proxy's nftables mode; what matters most comes first.
  public enum Status: String, Sendable, Hashable, CaseIterable {
    /// Something fails after the change, unless it is dealt with before.
    case blocks
    /// It depends on what the rules don't tell: somebody has to look.
    case look
    /// What would tell could not be read.
    case unknown
    case ok
  }

  public let subject: MigrationSubject
  /// That of the gravest sentence.
  public var status: Status { Status.allCases.first(where: statuses.contains) ?? .ok }
  private var statuses: Set<Status> = []
  /// What was found, in sentences; at least one. They may hold parts of comments.
  public internal(set) var details: [String] = []
  var rules: [MigrationRule] = []

  init(_ subject: MigrationSubject) { self.subject = subject }

  /// Adds a sentence.
  mutating func add(_ status: Status, _ detail: String, _ rules: [MigrationRule] = []) {
    statuses.insert(status)
    details.append(detail)
    self.rules += rules
  }
}

struct MigrationRule: Sendable {
  let backend: Backend
  let content: TableContent
  let chainIndex: Int
  let position: Int

  var chain: ChainName { content.chains[chainIndex].name }
  var rule: Rule { content.chains[chainIndex].rules[position] }
}

/// What `migrate` examines; the raw value stands in JSON.
///
/// The facts are those of "Migrating from iptables mode to nftables" in Kubernetes' reference:
/// https://kubernetes.io/docs/reference/networking/virtual-ips/
public enum MigrationSubject: String, Sendable, Hashable, CaseIterable {
  case mode
  case kernel
  case localhostNodePorts = "localhost_node_ports"
  case nodePortAddresses = "node_port_addresses"
  case invalidPackets = "invalid_packets"
  case policies
  case foreignRules = "foreign_rules"
  case leftovers

  /// Why it matters.
  public var reason: String {
    switch self {
    case .mode:
      "The subjects below are about what differs between kube-proxy's modes iptables and nftables. They are "
        + "judged by the rules of the mode iptables."
    case .kernel:
      "kube-proxy does not start in nftables mode on a kernel before Linux 5.13."
    case .localhostNodePorts:
      "By default the nftables mode does not serve NodePorts at 127.0.0.1. The iptables mode does, for "
        + "IPv4. Such clients run on the node itself, for example a container runtime that pulls images from "
        + "a registry at localhost."
    case .nodePortAddresses:
      "In iptables mode a NodePort is reached at all addresses of the node. The nftables mode serves it at "
        + "the node's primary addresses alone, unless --nodeport-addresses names others."
    case .invalidPackets:
      "In iptables mode kube-proxy drops forwarded packets that connection tracking finds invalid. This "
        + "works around a fault of Linux before 6.1, by which long connections to services end with "
        + "\"Connection reset by peer\". The nftables mode does not drop them."
    case .policies:
      "In iptables mode kube-proxy accepts forwarded packets of services and health checks of load "
        + "balancers, before a firewall drops them. The nftables mode accepts nothing: its rules can't "
        + "overrule another table's."
    case .foreignRules:
      "In nftables mode there are no KUBE-* chains. kube-proxy deletes those of the iptables mode, and with "
        + "them the rules that others wrote there. A rule of others that leads into such a chain keeps it "
        + "from being deleted, or can't be written again."
    case .leftovers:
      "kube-proxy cleans up after another mode in one backend, if at all. Packets meet what is left beside "
        + "the rules of the new mode, and nobody updates it."
    }
  }

  /// What to do about it.
  public var advice: String {
    switch self {
    case .mode:
      "Examine a node whose kube-proxy is in iptables mode."
    case .kernel:
      "Upgrade the node's kernel first. uname -r shows which one runs."
    case .localhostNodePorts:
      "Find the clients, and give them the node's address or the cluster IP. From 1.37 on, kube-proxy can "
        + "serve TCP at localhost in nftables mode, with the feature gate KubeProxyNFTablesLocalhostNodePorts "
        + "(alpha) and --nodeport-addresses primary,localhost. Up to 1.30 kube-proxy does not count them: "
        + "look for connections with conntrack -L --orig-dst 127.0.0.1."
    case .nodePortAddresses:
      "Find out at which addresses clients reach NodePorts (load balancers' health checks are clients too), "
        + "for example with conntrack -L --dst-nat. If they use others than the primary ones, set "
        + "--nodeport-addresses, such as 0.0.0.0/0 for all of IPv4."
    case .invalidPackets:
      "Run kube-proxy with --conntrack-tcp-be-liberal in nftables mode. On Linux 6.1 and later first look "
        + "whether the count still rises, because a few invalid packets are normal."
    case .policies:
      "Let the firewall itself accept the pod network, NodePorts and health check ports, before the change."
    case .foreignRules:
      "Have whoever wrote them use chains of their own, which built-in chains lead to. A CNI plugin portmap "
        + "with externalSetMarkChain KUBE-MARK-MASQ can mark packets by itself, without that setting."
    case .leftovers:
      "Run kube-proxy --cleanup, delete the interface with ip link delete kube-ipvs0, or drain and reboot "
        + "the node: no rules survive that."
    }
  }
}

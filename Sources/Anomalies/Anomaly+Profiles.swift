internal import Netfilter

/// Each kind of fault: its title, tables and severity, what it means, and what to do about it.
extension Anomaly {
  var profile: Profile {
    switch self {
    case .mixedBackends:
      Profile(
        "chains of Kubernetes in both backends", in: [.filter, .mangle, .nat],
        "The kernel passes packets through both. One is kube-proxy's; nobody updates the other, which may "
          + "send connections to endpoints that are gone, or reject them.",
        "Make kube-proxy, the kubelet and the network plugin use one backend. Then remove what is left in the "
          + "other one: drain and reboot the node. kube-iptables-exporter check --backend both shows both."
      )
    case .incompatibleTable:
      Profile(
        "a table that iptables can't list as it is", in: TableName.allCases,
        "iptables refuses to list or save such a table, or leaves out what it doesn't know. kube-proxy asks "
          + "it for its chains at a sync, and no longer deletes those of services that are gone; some versions of "
          + "iptables don't write the table either. Packets meet what iptables doesn't show.",
        "See who writes into iptables' tables with nft, and have it use tables of its own. Then delete the "
          + "rules or chains with nft; kube-iptables-exporter save shows what stands in the table.")
    case .tableFlushed:
      Profile(
        "a table that has lost all rules of kube-proxy", in: [.filter, .nat],
        "No built-in chain leads to kube-proxy's chains, which are empty or gone. Without nat no service "
          + "is reached; without filter no service is rejected, and forwarded traffic isn't accepted.",
        "See what flushed the table, such as a firewall's reload. Restarting kube-proxy writes everything "
          + "anew; then run kube-iptables-exporter check again.")
    case .servicesChainEmpty:
      Profile(
        "no rule for any service", in: [.nat],
        "Packets come to KUBE-SERVICES and go on as if there were no services. Even a cluster without services "
          + "of its own has default/kubernetes: either no sync of kube-proxy has succeeded yet, or somebody "
          + "flushed the chain.",
        "Look for errors of iptables-restore in kube-proxy's log, and whether it reaches the API server. "
          + "Restarting it writes the rules anew.")
    case .hookJumpUnreached:
      Profile(
        "a jump to kube-proxy's chain that no packet comes to", in: [.nat],
        "The rule before the jump accepts, drops or sends away every packet. kube-proxy's rules are all "
          + "there, and none of them is asked.",
        "Move the rule behind the jump, or restrict it to the packets that it is meant for. "
          + "kube-iptables-exporter explain shows the way of a packet.")
    case .serviceTrafficDropped:
      Profile(
        "a rule or a policy that drops what goes to services", in: [.filter, .mangle, .security],
        "Packets are translated to an endpoint and then thrown away: clients wait until they give up, or "
          + "get an ICMP error. A FORWARD chain with the policy DROP, as Docker sets it, does so unless a rule "
          + "accepts the pods' network.",
        "See who wrote the rule or set the policy, such as Docker or a firewall, and accept the pods' "
          + "network before it: most CNI plugins do so when they are restarted. kube-iptables-exporter "
          + "explain shows the way of a packet.")
    case .serviceIntercepted:
      Profile(
        "a rule that takes a service's packets before kube-proxy's do", in: [.nat], as: .critical,
        "Connections to the service go elsewhere, or nowhere. Nothing that kube-proxy writes does that.",
        "Find out who wrote the rule, and treat it as tampering until you know. kube-iptables-exporter "
          + "explain shows where the packets go.")
    case .endpointMismatch:
      Profile(
        "an endpoint's chain leads to another destination than its name says", in: [.nat],
        as: .critical,
        "The name is the hash of the service port and the endpoint, so kube-proxy did not write this. "
          + "Connections to the service go where somebody else sends them.",
        "Find out who changed the rule and treat it as tampering until you know. Restarting kube-proxy "
          + "writes the rules anew.")
    case .commentMismatch:
      Profile(
        "a service chain's comments name another service port than its name does", in: [.nat],
        "The name is a hash, which can't be made to fit. So the comment is wrong, and whoever reads these "
          + "rules takes one service for another; or the rule leads to another service's chain, and so do its "
          + "packets.",
        "Find out who edited the rules. Restarting kube-proxy writes them anew.")
    case .orphanChain:
      Profile(
        "a service chain that nothing leads to", in: [.nat], as: .info,
        "No traffic comes to it, so it does no harm but takes room. With more than 1,000 endpoints "
          + "kube-proxy leaves such chains for a while, at most about an hour; older ones are not its own.",
        "In iptables mode, wait for kube-proxy's next full sync; if they stay, look for errors of "
          + "iptables-restore in its log. In another mode nobody removes them: run kube-proxy --cleanup and "
          + "restart kube-proxy.")
    case .clusterIPMissing:
      Profile(
        "a service port whose cluster IP no rule serves", in: [.nat],
        "kube-proxy writes a rule for the cluster IP of each service port. Without it, clients on this node "
          + "wait until they give up; pods reach the API server at the cluster IP of default/kubernetes.",
        "Find out who removed the rule. Restarting kube-proxy writes it anew.")
    case .serviceWithoutEndpoint:
      Profile(
        "a service chain that leads to no endpoint", in: [.nat],
        "A service port without endpoints has no such chain, but a REJECT. Connections that come here are "
          + "not translated: clients wait until they give up.",
        "Compare with the service's EndpointSlices, and look for errors of iptables-restore in "
          + "kube-proxy's log. Restarting it writes the rules anew.")
    case .emptyChain:
      Profile(
        "a jump to a service chain that has no rules", in: [.nat],
        "The packet returns and goes on as if nothing had matched. Connections are not translated: "
          + "clients wait until they give up.",
        "Compare with the service's EndpointSlices, and look for errors of iptables-restore in "
          + "kube-proxy's log. Restarting it writes the rules anew.")
    case .nodePortConflict:
      Profile(
        "one NodePort that is dispatched to two service ports", in: [.nat],
        "A NodePort is one service port's in the whole cluster. The first rule gets everything, the other "
          + "service can't be reached there.",
        "See whose the NodePort is (kubectl get services -A), and remove the other's rule, or restart "
          + "kube-proxy.")
    case .duplicateRule:
      Profile(
        "a rule that stands in its chain twice", in: [.filter, .nat], as: .info,
        "The second of two equal rules does nothing, or does it again. A duplicated endpoint gets another's "
          + "share; and whoever adds rules that are there already may go on until the table is full.",
        "Harmless where a service names an address twice. Else see who adds it, and that all who write "
          + "rules on the node use the same version and backend of iptables.")
    case .unequalShares:
      Profile(
        "endpoints that don't get equal shares", in: [.nat],
        "kube-proxy gives all endpoints of a chain the same share. Here some get more, and may be "
          + "overloaded, or some connections get to none: they aren't translated, and clients wait until they "
          + "give up.",
        "Find out who edited the rules. Restarting kube-proxy writes them anew.")
    case .nodePortJumpNotLast:
      Profile(
        "rules behind the jump to KUBE-NODEPORTS", in: [.nat],
        "KUBE-NODEPORTS sees what is for the node's own addresses. A rule behind the jump never sees what "
          + "a NodePort takes.",
        "Find out who appends to KUBE-SERVICES: rules of one's own belong before it, in a built-in chain."
      )
    case .nodePortJumpMissing:
      Profile(
        "no jump to KUBE-NODEPORTS", in: [.nat],
        "No packet comes to KUBE-NODEPORTS: NodePorts are dead, whoever asks. Other addresses of the same "
          + "services work.",
        "Find out who removed it. Restarting kube-proxy writes it anew. If it doesn't, see whether "
          + "--nodeport-addresses names addresses that the node doesn't have.")
    case .portMatchMissing:
      Profile(
        "a service port's rule that takes all ports", in: [.filter, .nat], as: .critical,
        "The rule is for one port. Without it, it takes all packets of the protocol, of other services as well. "
          + "iptables up to 1.8.7 loses the port of rules that a later version wrote, when it prints or "
          + "restores them.",
        "In a file: save the rules with kube-iptables-exporter save, which knows the rules of all versions. On "
          + "the node: see that kube-proxy, the network plugin and the node use the same version of iptables, and "
          + "restart kube-proxy.")
    case .plumbingBroken:
      Profile(
        "a chain that doesn't mark, masquerade or accept as it should", in: [.filter, .nat],
        "KUBE-MARK-MASQ marks what KUBE-POSTROUTING masquerades and KUBE-FORWARD accepts. Where one of "
          + "them fails, answers go astray or packets are dropped: services are reached from some places and not "
          + "from others.",
        "Find out who edited or flushed the chain, and that all who write rules on the node use the same "
          + "version of iptables. Restarting kube-proxy writes it anew.")
    case .hookJumpMissing:
      Profile(
        "a built-in chain that doesn't lead to kube-proxy's", in: [.filter, .nat],
        "Packets on this path don't come to kube-proxy's rules: what they do for services (dispatch, "
          + "masquerade, accept) doesn't happen.",
        "kube-proxy puts it back at its next sync; see who removes it, such as a firewall's reload. "
          + "Restarting kube-proxy restores it at once.")
    case .hookJumpDuplicated:
      Profile(
        "a built-in chain that leads to another chain twice", in: TableName.allCases,
        as: .info,
        "Packets that nothing takes the first time go through the same rules again; and it shows that "
          + "somebody adds rules without looking.",
        "Delete one of the two (iptables -D deletes the first), and see who adds it.")
    case .canaryMissing:
      Profile(
        "a table without the canary chains that other tables have", in: [.filter, .mangle, .nat],
        "Somebody flushed the table, or restored it from a file: what else was in it may be gone as well. "
          + "kube-proxy and the kubelet look for these chains to notice, and write their rules anew.",
        "See what flushed the table, such as a firewall's reload. kube-proxy and the kubelet should have "
          + "noticed within a minute; if not, restart them.")
    case .unguardedDrop:
      Profile(
        "a DROP or REJECT in Kubernetes' chains that nothing guards", in: [.filter, .nat],
        as: .critical,
        "All packets that come to the chain are dropped: in KUBE-FIREWALL all that the node sends and "
          + "receives, in the others all new connections or all that it forwards. iptables programs of different "
          + "versions are known to lose the mark match of such a rule.",
        "Delete the rule (iptables -D with the chain and its number), and see that the kubelet, kube-proxy "
          + "and the node use the same version and backend of iptables.")
    case .unguardedVerdict:
      Profile(
        "an ACCEPT or RETURN in Kubernetes' chains that nothing guards", in: [.filter, .nat],
        as: .critical,
        "No packet gets past it: what stands behind is never reached, and what ACCEPT takes no later rule "
          + "sees, such as a network policy. kube-proxy and the kubelet always write a condition; iptables "
          + "programs of different versions are known to lose it.",
        "Delete the rule (iptables -D with the chain and its number, and -t nat for nat), and find out who "
          + "wrote it. Restarting kube-proxy writes its chains anew.")
    case .chainLoop:
      Profile(
        "chains that lead to each other in a circle", in: TableName.allCases,
        "A packet would never leave the circle. The kernel refuses such rules, so nobody can load them: the "
          + "file was edited, or put together of several.",
        "Save the rules again (kube-iptables-exporter save), and don't restore this file.")
    case .staleReject:
      Profile(
        "a service port that filter rejects and nat serves", in: [.filter],
        "kube-proxy writes filter first and nat behind it, within seconds. Where both stay, its sync of nat "
          + "fails, and nat still sends connections to endpoints that are gone; or that of filter, and a "
          + "REJECT is left that does nothing until nat's rules go.",
        "Look for errors of iptables-restore in kube-proxy's log, and compare the endpoints that "
          + "kube-iptables-exporter show --service shows with the service's EndpointSlices. Restarting kube-proxy "
          + "writes both tables anew.")
    case .ghostRules:
      Profile(
        "rules for services that kube-proxy no longer uses", in: [.filter, .nat],
        "kube-proxy serves services by IPVS or nf_tables' table kube-proxy, and nobody updates these rules. "
          + "Packets still meet them: connections go to endpoints that are gone, or are rejected though "
          + "the service has endpoints now.",
        "Remove what the former mode left: run kube-proxy --cleanup and restart kube-proxy, or drain and "
          + "reboot the node. If kube-proxy is in iptables mode again, the interface kube-ipvs0 or the "
          + "table kube-proxy is what is left over: delete that.")
    case .hostPortBroken:
      Profile(
        "a hostPort that leads nowhere, or to two pods", in: [.nat], as: .info,
        "The CNI plugin portmap leads each hostPort to one pod. What it didn't remove with a pod stays, and "
          + "may take the connections of the pod that has the port now.",
        "See which pod has the hostPort (the comment names its sandbox), and delete the rules and chains of "
          + "those that are gone.")
    case .nodeLocalDNSIncomplete:
      Profile(
        "node-local DNS' rules that are missing, or there twice", in: [.filter, .raw], as: .info,
        "The cache's requests and answers must both escape connection tracking and be accepted. Where one rule "
          + "is missing, requests are tracked or sent to kube-dns, or answers get lost.",
        "The cache looks once a minute, and adds what is missing: see its log, and who removes rules. What is "
          + "there twice is deleted by iptables -D.")
    }
  }
}

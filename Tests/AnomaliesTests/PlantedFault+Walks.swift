import KubeProxy

/// Rules that are all there, and packets that don't arrive.
extension PlantedFault {
  static let walks = unreached + dropped + intercepted

  private static let unreached = [
    PlantedFault(new, "An ACCEPT first", "hook_jump_unreached nat PREROUTING") {
      $0.insert("-A PREROUTING -j ACCEPT")
    },
    PlantedFault(
      new, "An ACCEPT first, and a NodePort that is blocked", "hook_jump_unreached nat PREROUTING"
    ) {
      $0.insert("-A PREROUTING -j ACCEPT")
      $0.append(
        "-A KUBE-EXTERNAL-SERVICES -p sctp -m comment --comment \"web/sctp-np has no local endpoints\" "
          + "-m addrtype --dst-type LOCAL -m sctp --dport 30708 -j DROP", "filter")
    },
    PlantedFault(old, "A DROP first", "hook_jump_unreached nat PREROUTING") {
      $0.insert("-A PREROUTING -j DROP")
    },
    PlantedFault("nft-1.28/d-12-multiport", "A RETURN first", "hook_jump_unreached nat OUTPUT") {
      $0.insert("-A OUTPUT -j RETURN")
    },
    PlantedFault(
      "legacy-1.28/h-02-dual-nodeport.v6", "A goto first", "hook_jump_unreached nat PREROUTING"
    ) {
      $0.declare("SOMEBODYS")
      $0.insert("-A PREROUTING -g SOMEBODYS")
    },
    PlantedFault(new, "An ACCEPT in another chain", "hook_jump_unreached nat PREROUTING") {
      $0.declare("SOMEBODYS")
      $0.insert("-A PREROUTING -j SOMEBODYS")
      $0.append("-A SOMEBODYS -j ACCEPT")
    },
    PlantedFault(new, "An ACCEPT before masquerading", "hook_jump_unreached nat POSTROUTING") {
      $0.insert("-A POSTROUTING -j ACCEPT")
    },
    PlantedFault(new, "A RETURN of what pods send", "hook_jump_unreached nat PREROUTING") {
      $0.insert("-A PREROUTING -s 10.244.0.0/16 -j RETURN")
    },
    PlantedFault(
      new, "An ACCEPT of all that is not for the node", "hook_jump_unreached nat PREROUTING"
    ) {
      $0.insert("-A PREROUTING -m addrtype ! --dst-type LOCAL -j ACCEPT")
    },
    PlantedFault(new, "An ACCEPT of all NodePorts", "hook_jump_unreached nat PREROUTING") {
      $0.insert("-A PREROUTING -m addrtype --dst-type LOCAL -j ACCEPT")
    },
    PlantedFault(
      new, "A DROP of what pods send, before nat", "hook_jump_unreached nat PREROUTING"
    ) {
      $0.insert("-A PREROUTING -s 10.244.0.0/16 -j DROP", "mangle")
    },
    PlantedFault(
      new, "Cluster IPs without connection tracking", "hook_jump_unreached nat PREROUTING"
    ) {
      $0.ensure(nil, "raw")
      $0.append("-A PREROUTING -d 10.96.0.0/12 -j CT --notrack", "raw")
    },
    PlantedFault(
      new, "Nothing has connection tracking", "hook_jump_unreached nat OUTPUT",
      "hook_jump_unreached nat PREROUTING"
    ) {
      $0.ensure(nil, "raw")
      for chain in ["PREROUTING", "OUTPUT"] { $0.append("-A \(chain) -j NOTRACK", "raw") }
    },
    PlantedFault(new, "One service without connection tracking, as node-local DNS has it") {
      $0.ensure(nil, "raw")
      $0.append("-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j NOTRACK", "raw")
    },
    PlantedFault(new, "An ACCEPT of one service's packets", "service_intercepted nat PREROUTING") {
      $0.insert("-A PREROUTING -d 10.96.0.10/32 -j ACCEPT")
    },
    PlantedFault(new, "An ACCEPT of what nobody can know") {
      $0.insert("-A PREROUTING -m set --match-set blocked src -j ACCEPT")
    },
    PlantedFault(new, "An ACCEPT of other packets") {
      $0.insert("-A PREROUTING -s 192.0.2.0/24 -j ACCEPT")
    },
  ]

  private static let dropped = [
    PlantedFault(new, "A REJECT of all that is forwarded", "service_traffic_dropped filter FORWARD")
    {
      $0.insert("-A FORWARD -j REJECT --reject-with icmp-host-prohibited", "filter")
    },
    PlantedFault(old, "A DROP behind kube-proxy's rules", "service_traffic_dropped filter FORWARD")
    {
      $0.append("-A FORWARD -j DROP", "filter")
    },
    PlantedFault(new, "A policy, and nothing accepts", "service_traffic_dropped filter FORWARD") {
      $0.setPolicy("FORWARD", "DROP", "filter")
    },
    PlantedFault(new, "A policy, and the pods' network is accepted") {
      $0.setPolicy("FORWARD", "DROP", "filter")
      $0.append("-A FORWARD -s 10.244.0.0/16 -j ACCEPT", "filter")
      $0.append("-A FORWARD -d 10.244.0.0/16 -j ACCEPT", "filter")
    },
    PlantedFault(new, "A policy, and an interface is accepted") {
      $0.setPolicy("FORWARD", "DROP", "filter")
      $0.append("-A FORWARD -i cni0 -j ACCEPT", "filter")
    },
    PlantedFault(
      new, "A policy, and the interface of other containers is accepted",
      "service_traffic_dropped filter FORWARD"
    ) {
      $0.append("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")
      $0.setPolicy("FORWARD", "DROP", "filter")
      $0.append("-A FORWARD -o docker0 -j ACCEPT", "filter")
      $0.append("-A FORWARD -i docker0 ! -o docker0 -j ACCEPT", "filter")
    },
    PlantedFault(new, "A policy, and the interface of pods is accepted, which Docker has too") {
      $0.append("-A POSTROUTING -s 10.244.0.0/16 ! -o docker0 -j MASQUERADE")
      $0.setPolicy("FORWARD", "DROP", "filter")
      $0.append("-A FORWARD -o docker0 -j ACCEPT", "filter")
      $0.append("-A FORWARD -i docker0 ! -o docker0 -j ACCEPT", "filter")
    },
    PlantedFault(
      new, "A REJECT behind what is accepted of lo", "service_traffic_dropped filter FORWARD"
    ) {
      $0.append("-A FORWARD -i lo -j ACCEPT", "filter")
      $0.append("-A FORWARD -j REJECT --reject-with icmp-host-prohibited", "filter")
    },
    PlantedFault(new, "What the node sends", "service_traffic_dropped filter OUTPUT") {
      $0.insert("-A OUTPUT -d 10.244.0.0/16 -j DROP", "filter")
    },
    PlantedFault(
      new, "What goes to pods, and a service's endpoints are nodes",
      "service_traffic_dropped filter FORWARD"
    ) {
      addNodeExporter(&$0)
      $0.insert("-A FORWARD -d 10.244.0.0/16 -j REJECT", "filter")
    },
    PlantedFault(new, "A service's endpoints are nodes", plant: addNodeExporter),
  ]

  /// Adds a service whose pods are in the node's network.
  @Sendable private static func addNodeExporter(_ text: inout DumpText) {
    let (service, comment) = ("KUBE-SVC-7SUXT5L37G6FSE3K", "-m comment --comment")
    let name = "mon/node-exporter:metrics"
    text.declare(service)
    text.insert(
      "-A KUBE-SERVICES -d 10.97.3.3/32 -p tcp \(comment) \"\(name) cluster IP\" -m tcp --dport 9100 "
        + "-j \(service)")
    let endpoints = [
      ("KUBE-SEP-NERE6YHRGDPOBR3U", "192.168.7.5", " -m statistic --mode random --probability 0.5"),
      ("KUBE-SEP-PFPDQSSZOPHPIVQR", "192.168.7.6", ""),
    ]
    for (chain, address, chance) in endpoints {
      text.declare(chain)
      text.append(
        "-A \(service) \(comment) \"\(name) -> \(address):9100\"\(chance) -j \(chain)")
      text.append("-A \(chain) -s \(address)/32 \(comment) \"\(name)\" -j KUBE-MARK-MASQ")
      text.append(
        "-A \(chain) -p tcp \(comment) \"\(name)\" -m tcp -j DNAT --to-destination \(address):9100")
    }
  }

  private static let intercepted = [
    PlantedFault(new, "Another's DNAT of a cluster IP", "service_intercepted nat PREROUTING") {
      $0.insert(
        "-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 192.0.2.53"
      )
    },
    PlantedFault(new, "All names are asked elsewhere", "service_intercepted nat PREROUTING") {
      $0.insert("-A PREROUTING -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353")
    },
    PlantedFault(new, "A RETURN among the services", "service_intercepted nat KUBE-SERVICES") {
      $0.insert("-A KUBE-SERVICES -d 10.96.0.10/32 -j RETURN")
    },
    PlantedFault(new, "An ACCEPT of the API server's", "service_intercepted nat PREROUTING") {
      $0.insert("-A PREROUTING -d 10.96.0.1/32 -j ACCEPT")
    },
    PlantedFault(
      new, "In a chain that all packets come to", "service_intercepted nat PREROUTING"
    ) {
      $0.declare("SOMEBODYS")
      $0.insert("-A PREROUTING -j SOMEBODYS")
      $0.append("-A SOMEBODYS -d 10.96.0.10/32 -j ACCEPT")
    },
    PlantedFault(new, "In a chain that all packets come to, and back from") {
      $0.declare("SOMEBODYS")
      $0.insert("-A PREROUTING -j SOMEBODYS")
      $0.append("-A SOMEBODYS -d 10.96.0.10/32 -j RETURN")
    },
    PlantedFault(new, "A DNAT among the services", "service_intercepted nat KUBE-SERVICES") {
      $0.insert(
        "-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 192.0.2.53"
      )
    },
    PlantedFault(new, "An ACCEPT of TCP's NodePorts", "service_intercepted nat PREROUTING") {
      $0.insert("-A PREROUTING -p tcp -m tcp --dport 30000:32767 -j ACCEPT")
    },
    PlantedFault(new, "A DNAT of a NodePort", "service_intercepted nat KUBE-NODEPORTS") {
      $0.insert(
        "-A KUBE-NODEPORTS -p tcp -m tcp --dport 32718 -j DNAT --to-destination 192.0.2.9:80")
    },
    PlantedFault(
      new, "A DNAT in a service's chain", "service_intercepted nat KUBE-SVC-TCOU7JCQXEZGVUNU"
    ) {
      $0.insert("-A KUBE-SVC-TCOU7JCQXEZGVUNU -p udp -j DNAT --to-destination 192.0.2.53:53")
    },
    PlantedFault(
      new, "An ACCEPT of some in a service's chain",
      "service_intercepted nat KUBE-SVC-TCOU7JCQXEZGVUNU"
    ) {
      $0.insert("-A KUBE-SVC-TCOU7JCQXEZGVUNU -s 10.244.3.0/24 -j ACCEPT")
    },
    PlantedFault(new, "A DNAT of an address that is no service's") {
      $0.insert(
        "-A PREROUTING -d 192.0.2.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 192.0.2.53"
      )
    },
  ]
}

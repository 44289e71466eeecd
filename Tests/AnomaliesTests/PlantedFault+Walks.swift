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
  ]

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
    PlantedFault(new, "A DNAT of an address that is no service's") {
      $0.insert(
        "-A PREROUTING -d 192.0.2.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 192.0.2.53"
      )
    },
  ]
}

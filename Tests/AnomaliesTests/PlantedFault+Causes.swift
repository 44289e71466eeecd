import TestSupport

/// Faults that have others in their wake, or that a whole kind of packets suffers from.
extension PlantedFault {
  private static let flushed = "legacy-1.30/d-12-multiport"
  private static let latest = "legacy-1.36/a-00-baseline"
  private static let masquerading = "-A KUBE-POSTROUTING"

  static let causes = lost + plumbing + unguarded + inconsistent

  private static let lost = [
    PlantedFault(new, "KUBE-SERVICES without a rule", "services_chain_empty nat KUBE-SERVICES") {
      $0.remove("-A KUBE-SERVICES")
    },
    PlantedFault(
      "nft-1.36/a-00-baseline", "KUBE-SERVICES without a rule",
      "services_chain_empty nat KUBE-SERVICES"
    ) {
      $0.remove("-A KUBE-SERVICES")
    },
    PlantedFault(flushed, "nat flushed", "table_flushed nat KUBE-SERVICES") { $0.remove("-A ") },
    PlantedFault(
      "legacy-1.28/n-01-noise", "nat flushed, and others' rules written again",
      "table_flushed nat KUBE-SERVICES"
    ) {
      $0.remove("-A ")
      $0.append("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE")
    },
    PlantedFault(new, "nat without KUBE-SERVICES", "table_flushed nat KUBE-SERVICES") {
      $0.remove("KUBE-SERVICES")
      $0.undeclare("KUBE-SERVICES", "nat")
    },
    PlantedFault(old, "filter flushed", "table_flushed filter KUBE-SERVICES") {
      $0.remove("-A ", table: "filter")
    },
    PlantedFault(new, "No jump to NodePorts", "node_port_jump_missing nat KUBE-SERVICES") {
      $0.remove("-A KUBE-SERVICES", "-j KUBE-NODEPORTS")
    },
    PlantedFault("legacy-1.28/a-01-baseline", "Neither a jump to NodePorts nor a NodePort") {
      $0.remove("-A KUBE-SERVICES", "-j KUBE-NODEPORTS")
    },
  ]

  private static let plumbing = [
    PlantedFault(new, "KUBE-MARK-MASQ without a rule", "plumbing_broken nat KUBE-MARK-MASQ") {
      $0.remove("-A KUBE-MARK-MASQ")
    },
    PlantedFault(old, "KUBE-MARK-MASQ without MARK", "plumbing_broken nat KUBE-MARK-MASQ") {
      $0.replace("MARK --set-xmark 0x4000/0x4000", "RETURN", in: "-A KUBE-MARK-MASQ")
    },
    PlantedFault(new, "KUBE-MARK-MASQ that returns first", "plumbing_broken nat KUBE-MARK-MASQ") {
      $0.insert("-A KUBE-MARK-MASQ -j RETURN")
    },
    PlantedFault(new, "KUBE-POSTROUTING without a rule", "plumbing_broken nat KUBE-POSTROUTING") {
      $0.remove(masquerading)
    },
    PlantedFault(latest, "No MASQUERADE", "plumbing_broken nat KUBE-POSTROUTING") {
      $0.remove(masquerading, "MASQUERADE")
    },
    PlantedFault(
      new, "A RETURN before MASQUERADE, as of an iptables that lost the mark",
      "plumbing_broken nat KUBE-POSTROUTING"
    ) {
      $0.replace("-m mark ! --mark 0x4000/0x4000 ", "", in: masquerading, "RETURN")
    },
    PlantedFault(ipv6, "A RETURN before all", "plumbing_broken nat KUBE-POSTROUTING") {
      $0.insert("-A KUBE-POSTROUTING -j RETURN")
    },
    PlantedFault(new, "Nothing but MASQUERADE", "plumbing_broken nat KUBE-POSTROUTING") {
      $0.remove(masquerading, "RETURN")
    },
    PlantedFault(new, "Another mark", "plumbing_broken nat KUBE-POSTROUTING") {
      $0.replace("0x4000/0x4000", "0x8000/0x8000", in: "-A KUBE-MARK-MASQ")
    },
    PlantedFault(new, "Masquerading as 1.16 writes it") {
      $0.remove(masquerading)
      $0.append(
        "-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" "
          + "-m mark --mark 0x4000/0x4000 -j MASQUERADE")
    },
    PlantedFault(new, "Another bit, as configured") {
      $0.replace("0x4000/0x4000", "0x20/0x20", in: "-A KUBE-MARK-MASQ")
      $0.replace("0x4000/0x4000", "0x20/0x20", in: masquerading, "RETURN")
      $0.replace("0x4000/0x0", "0x20/0x0", in: masquerading, "MARK --set")
    },
    PlantedFault(new, "A MARK that the saving iptables doesn't know") {
      $0.replace(
        "MARK --set-xmark 0x4000/0x4000", "MARK [unsupported revision]", in: "-A KUBE-MARK-MASQ")
    },
    PlantedFault(old, "KUBE-FORWARD without a rule", "plumbing_broken filter KUBE-FORWARD") {
      $0.remove("-A KUBE-FORWARD", table: "filter")
    },
    PlantedFault(new, "No ACCEPT for marked packets", "plumbing_broken filter KUBE-FORWARD") {
      $0.remove("-A KUBE-FORWARD", "--mark", table: "filter")
    },
    PlantedFault(new, "A RETURN before it", "plumbing_broken filter KUBE-FORWARD") {
      $0.insert("-A KUBE-FORWARD -j RETURN", "filter")
    },
  ]

  private static let unguarded =
    [
      "KUBE-FORWARD", "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS",
      "KUBE-PROXY-FIREWALL",
    ]
    .flatMap { chain in
      [
        PlantedFault(new, "A bare REJECT in \(chain)", "unguarded_drop filter \(chain)") {
          $0.append("-A \(chain) -j REJECT --reject-with icmp-port-unreachable", "filter")
        },
        PlantedFault(
          latest, "A bare DROP at the head of \(chain)", "unguarded_drop filter \(chain)"
        ) {
          $0.insert(
            "-A \(chain) -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP", "filter")
        },
      ]
    } + [
      PlantedFault(
        new, "An ACCEPT whose mark was lost", "unguarded_verdict filter KUBE-FORWARD"
      ) {
        $0.replace(
          "-m mark --mark 0x4000/0x4000 ", "", in: "-A KUBE-FORWARD", "ACCEPT", table: "filter")
      },
      PlantedFault(new, "A RETURN before all services", "unguarded_verdict nat KUBE-SERVICES") {
        $0.insert("-A KUBE-SERVICES -j RETURN")
      },
      PlantedFault(new, "An ACCEPT behind NodePorts", "unguarded_verdict nat KUBE-NODEPORTS") {
        $0.append("-A KUBE-NODEPORTS -m comment --comment mine -j ACCEPT")
      },
      PlantedFault(
        new, "A RETURN before a service's endpoints",
        "unguarded_verdict nat KUBE-SVC-JD5MR3NA4I4DYORP"
      ) {
        $0.insert("-A KUBE-SVC-JD5MR3NA4I4DYORP -j RETURN")
      },
      PlantedFault(new, "A RETURN at the end, where it changes nothing") {
        $0.append("-A KUBE-NODEPORTS -j RETURN")
        $0.append("-A KUBE-PROXY-FIREWALL -j RETURN", "filter")
      },
    ]

  private static let inconsistent = [
    PlantedFault(new, "A service port without its port", "port_match_missing nat KUBE-SERVICES") {
      $0.replace("-m tcp --dport 9153 ", "", in: "-A KUBE-SERVICES", "kube-dns:metrics")
    },
    PlantedFault(
      new, "NodePorts and services, as iptables-nft 1.8.7 prints them",
      "port_match_missing filter KUBE-EXTERNAL-SERVICES", "port_match_missing nat KUBE-NODEPORTS"
    ) {
      $0.replace("-m tcp --dport 31998 ", "", in: "-A KUBE-NODEPORTS")
      $0.replace("-m udp --dport 53 ", "", in: "-A KUBE-SERVICES")
      $0.replace("-m tcp --dport 31362 ", "", in: "-A KUBE-EXTERNAL-SERVICES", table: "filter")
    },
    PlantedFault(
      new, "Another's DROP of a protocol",
      "service_traffic_dropped filter KUBE-EXTERNAL-SERVICES"
    ) {
      $0.append("-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment mine -j DROP", "filter")
    },
    PlantedFault(
      new, "A REJECT for want of endpoints, and endpoints", "stale_reject filter KUBE-SERVICES"
    ) {
      $0.append(
        "-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "
          + "\"kube-system/kube-dns:metrics has no endpoints\" -m tcp --dport 9153 -j REJECT "
          + "--reject-with icmp-port-unreachable", "filter")
    },
    PlantedFault(new, "A REJECT of the other protocol") {
      $0.append(
        "-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "
          + "\"kube-system/kube-dns:metrics has no endpoints\" -m udp --dport 9153 -j REJECT "
          + "--reject-with icmp-port-unreachable", "filter")
    },
    PlantedFault(new, "A DROP for want of endpoints on this node") {
      $0.append(
        "-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "
          + "\"web/multi:metrics has no local endpoints\" -m addrtype --dst-type LOCAL -m tcp "
          + "--dport 31998 -j DROP", "filter")
    },
    PlantedFault(old, "FORWARD's jump, which 1.13 doesn't write") {
      $0.remove("-A FORWARD", "-j KUBE-SERVICES", table: "filter")
      $0.remove("-A KUBE-FORWARD", "INVALID", table: "filter")
      $0.remove("-j KUBE-NODEPORTS", table: "filter")
      $0.remove("-A KUBE-NODEPORTS", table: "filter")
      for table in ["nat", "filter", "mangle"] { $0.undeclare("KUBE-PROXY-CANARY", table) }
      $0.undeclare("KUBE-NODEPORTS", "filter")
    },
    PlantedFault(
      new, "No jump to load balancers' source ranges", "hook_jump_missing filter FORWARD"
    ) {
      $0.remove("-A FORWARD", "-j KUBE-PROXY-FIREWALL", table: "filter")
    },
    PlantedFault(new, "No jump to external addresses", "hook_jump_missing filter INPUT") {
      $0.remove("-A INPUT", "-j KUBE-EXTERNAL-SERVICES", table: "filter")
    },
    PlantedFault(new, "FORWARD's jump, which 1.14 writes", "hook_jump_missing filter FORWARD") {
      $0.remove("-A FORWARD", "-j KUBE-SERVICES", table: "filter")
    },
  ]
}

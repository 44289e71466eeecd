import TestSupport

/// Faults that are not in kube-proxy's rules alone: of the other backend, of other tools, of other agents.
extension PlantedFault {
  static let others = backends + circles + agents
  private static let nft = "nft-1.28/d-12-multiport"
  private static let noise = "legacy-1.28/n-01-noise"

  private static let backends = [
    PlantedFault(
      nft, "A former kube-proxy's rules in the other backend", "mixed_backends nat KUBE-MARK-MASQ",
      other: "legacy-1.28/a-01-baseline"),
    PlantedFault(
      new, "A kube-proxy's rules of nf_tables", "mixed_backends nat KUBE-MARK-MASQ",
      other: "nft-1.28/a-01-baseline"),
    PlantedFault(nft, "A table that iptables-save refuses", "incompatible_table raw ") {
      $0.announce("# Table `raw' is incompatible, use 'nft' tool.")
    },
    PlantedFault(nft, "Base chains that iptables-save left out", "incompatible_table filter ") {
      $0.announce(
        "# Table `filter' contains incompatible base-chains, use 'nft' tool to list them.")
    },
    PlantedFault(nft, "A base chain of another name", "incompatible_table filter mine") {
      $0.declareBase("mine", "filter")
    },
    PlantedFault(nft, "A rule that iptables refuses", "incompatible_table nat POSTROUTING") {
      $0.append("-A POSTROUTING -j masq")
      $0.append(
        "-A POSTROUTING -m ct [unrecognised, 16 bytes, 190573fb2899a1cb] -m cmp [unrecognised, 28 "
          + "bytes, cbf92d7dc9d85d6e] -j ACCEPT")
    },
    PlantedFault(
      nft, "A set, in a service's chain", "incompatible_table nat KUBE-SVC-JD5MR3NA4I4DYORP"
    ) {
      $0.insert(
        "-A KUBE-SVC-JD5MR3NA4I4DYORP -m payload [unrecognised, 32 bytes, 3e493d742faffeaf] -m lookup "
          + "[unrecognised, 28 bytes, 18b136f503e07973]")
    },
    PlantedFault(nft, "A statement without more, and a chain of such a name") {
      $0.declare("masq")
      $0.append("-A POSTROUTING -j masq")
    },
    PlantedFault(nft, "A statement without more", "incompatible_table nat POSTROUTING") {
      $0.append("-A POSTROUTING -j masq")
    },
    PlantedFault(nft, "An extension that this reader doesn't know") {
      $0.append("-A POSTROUTING -m mine [unrecognised, 32 bytes, 3e493d742faffeaf] -j ACCEPT")
    },
  ]

  private static let circles = [
    PlantedFault(new, "A circle of services", "chain_loop nat KUBE-EXT-YEHK6MAYWBOMIRYM") {
      $0.insert("-A KUBE-SEP-3TQL3DUCFLM46LFQ -s 192.0.2.1/32 -j KUBE-SERVICES")
    },
    PlantedFault(new, "A chain that leads to itself", "chain_loop nat KUBE-NODEPORTS") {
      $0.append("-A KUBE-NODEPORTS -s 192.0.2.1/32 -j KUBE-NODEPORTS")
    },
    PlantedFault(noise, "A circle of others' chains", "chain_loop filter YOURS") {
      $0.declare("MINE", "filter")
      $0.declare("YOURS", "filter")
      $0.append("-A INPUT -j MINE", "filter")
      $0.append("-A MINE -j YOURS", "filter")
      $0.append("-A YOURS -g MINE", "filter")
    },
    PlantedFault(noise, "A circle that nothing leads to") {
      $0.declare("MINE", "filter")
      $0.append("-A MINE -j MINE", "filter")
    },
  ]

  private static let agents = [
    PlantedFault(noise, "Docker's jump twice", "hook_jump_duplicated nat PREROUTING") {
      $0.double("-A PREROUTING", "-j DOCKER")
    },
    PlantedFault(noise, "Calico's jump twice", "hook_jump_duplicated mangle PREROUTING") {
      $0.declare("cali-PREROUTING", "mangle")
      for name in ["6gwbT8clXdHdC1b1", "tVnHkvAo15HuiPy0"] {
        $0.append(
          "-A PREROUTING -m comment --comment \"cali:\(name)\" -j cali-PREROUTING", "mangle")
      }
    },
    PlantedFault(noise, "A jump for two kinds of packets") {
      $0.append("-A PREROUTING -i eth1 -m addrtype --dst-type LOCAL -j DOCKER")
      $0.declare("ufw-before-input", "filter")
      for _ in 0..<2 { $0.append("-A INPUT -j ufw-before-input", "filter") }
    },
    PlantedFault(
      noise, "A pod's chain that nothing leads to",
      "host_port_broken nat CNI-DN-d2a4f9b6e1c07a35b8f10"
    ) {
      $0.remove("-A CNI-HOSTPORT-DNAT")
    },
    PlantedFault(
      noise, "A pod's chain without rules", "host_port_broken nat CNI-HOSTPORT-DNAT"
    ) {
      $0.remove("-A CNI-DN-")
    },
    PlantedFault(noise, "Two pods for one hostPort", "host_port_broken nat CNI-HOSTPORT-DNAT") {
      $0.addPod("-p tcp -m tcp --dport 9100")
    },
    PlantedFault(noise, "Two pods for one hostPort at different addresses") {
      $0.replace("-p tcp", "-d 192.0.2.1/32 -p tcp", in: "-A CNI-DN-", "DNAT")
      $0.addPod("-d 192.0.2.2/32 -p tcp -m tcp --dport 9100")
    },
    PlantedFault(noise, "Two pods for one hostPort of different protocols") {
      $0.addPod("-p udp -m udp --dport 9100")
    },
    PlantedFault(noise, "Node-local DNS") { $0.addNodeLocalDNS() },
    PlantedFault(
      noise, "Node-local DNS without an ACCEPT", "node_local_dns_incomplete filter INPUT"
    ) {
      $0.addNodeLocalDNS()
      $0.remove("-A INPUT", "169.254.20.10", "udp", table: "filter")
    },
    PlantedFault(noise, "Node-local DNS with a rule twice", "node_local_dns_incomplete raw OUTPUT")
    {
      $0.addNodeLocalDNS("-j CT --notrack")
      $0.double("-A OUTPUT", "-s 169.254.20.10", "tcp", table: "raw")
    },
    PlantedFault(
      noise, "Node-local DNS, and raw flushed", "node_local_dns_incomplete raw PREROUTING"
    ) {
      $0.addNodeLocalDNS()
      $0.remove("-A ", table: "raw")
    },
    PlantedFault(noise, "Another's server without tracking") {
      for chain in ["PREROUTING", "OUTPUT"] {
        for name in ["udp", "tcp"] {
          $0.append(
            "-A \(chain) -d 169.254.10.10/32 -p \(name) -m \(name) --dport 53 -j NOTRACK", "raw")
        }
      }
    },
  ]
}

extension DumpText {
  /// `nft add chain`: makes a chain that hangs on a hook.
  fileprivate mutating func declareBase(_ chain: String, _ table: String) {
    declare(chain, table)
    setPolicy(chain, "ACCEPT", table)
  }

  /// What portmap writes for another pod.
  fileprivate mutating func addPod(_ selector: String) {
    let chain = "CNI-DN-93fd5f42fffe1daf6b01f"
    declare(chain)
    append("-A \(chain) \(selector) -j DNAT --to-destination 10.244.1.201:9100")
    append(
      "-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment \"dnat name: \\\"cbr0\\\" id: \\\"77ab\\\"\" "
        + "-m multiport --dports 9100 -j \(chain)")
  }

  /// What node-cache writes for its usual address.
  fileprivate mutating func addNodeLocalDNS(_ noTrack: String = "-j NOTRACK") {
    let address = "169.254.20.10/32"
    for name in ["tcp", "udp"] {
      let request = "-d \(address) -p \(name) -m \(name) --dport 53"
      let answer = "-s \(address) -p \(name) -m \(name) --sport 53"
      for rule in ["-A PREROUTING \(request)", "-A OUTPUT \(request)", "-A OUTPUT \(answer)"] {
        append("\(rule) \(noTrack)", "raw")
      }
      append("-A INPUT \(request) -j ACCEPT", "filter")
      append("-A OUTPUT \(answer) -j ACCEPT", "filter")
    }
    append("-A OUTPUT -d \(address) -p tcp -m tcp --dport 8080 \(noTrack)", "raw")
    append("-A OUTPUT -s \(address) -p tcp -m tcp --sport 8080 \(noTrack)", "raw")
  }
}

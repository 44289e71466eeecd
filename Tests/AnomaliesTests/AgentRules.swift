import Testing

/// What an agent writes on a node beside kube-proxy's rules.
///
/// The rules are written as each of them writes its own: Calico 3.27, Cilium 1.15 with kube-proxy, Docker 24,
/// firewalld 0.9 with its iptables backend, ufw 0.36, k3s 1.28 (kube-router's network policies and flannel), portmap,
/// and node-local DNS.
struct AgentRules: Sendable, CustomTestStringConvertible {
  let name: String
  /// `TABLE -A CHAIN …`, or `-I` for a rule that comes before all others of its chain; in the order in which they
  /// are written.
  let rules: String

  var testDescription: String { name }

  static let all = [calico, cilium, docker, firewalld, ufw, k3s, nodeLocalDNS]

  private static let calico = AgentRules(
    name: "Calico",
    rules: """
      raw -I PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
      raw -I OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT
      raw -A cali-PREROUTING -m comment --comment "cali:XFX5xbM8B9qR10JG" -j MARK --set-xmark 0x0/0xf0000
      raw -A cali-PREROUTING -i cali+ -m comment --comment "cali:EWMPb0zVROM-woQp" -j MARK --set-xmark 0x40000/0x40000
      raw -A cali-PREROUTING -m comment --comment "cali:WC9OA3CuxP4lKNi6" -m mark --mark 0x40000/0x40000 -j cali-rpf-skip
      raw -A cali-PREROUTING -m comment --comment "cali:nnX9nNiqSmcUfBPq" -m mark --mark 0x40000/0x40000 -m rpfilter --validmark --invert -j DROP
      raw -A cali-PREROUTING -m comment --comment "cali:ovcC1eRG8GAWnqeC" -m mark --mark 0x10000/0x10000 -j ACCEPT
      raw -A cali-OUTPUT -m comment --comment "cali:njdnLwYeGqBJyMxW" -j MARK --set-xmark 0x0/0xf0000
      raw -A cali-OUTPUT -m comment --comment "cali:rz86uTUcEZAfFsh7" -j cali-to-host-endpoint
      mangle -I PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
      mangle -I POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING
      mangle -A cali-PREROUTING -m comment --comment "cali:6BJqBjBC7crtA-7-" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
      mangle -A cali-POSTROUTING -m comment --comment "cali:NX-7roTexQ3fGRfU" -m mark --mark 0x10000/0x10000 -j RETURN
      nat -I PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING
      nat -I OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT
      nat -I POSTROUTING -m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING
      nat -A cali-PREROUTING -m comment --comment "cali:r6XmIziWUJsdOK6Z" -j cali-fip-dnat
      nat -A cali-OUTPUT -m comment --comment "cali:GBTAv2p5CwevEyJm" -j cali-fip-dnat
      nat -A cali-POSTROUTING -m comment --comment "cali:Z-c7XtVd2Bq7s_hA" -j cali-fip-snat
      nat -A cali-POSTROUTING -m comment --comment "cali:nYKhEzDlr11Jccal" -j cali-nat-outgoing
      nat -A cali-nat-outgoing -m comment --comment "cali:flqWnvo8yq4ULQLa" -m set --match-set cali40masq-ipam-pools src -m set ! --match-set cali40all-ipam-pools dst -j MASQUERADE --random-fully
      filter -I INPUT -m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT
      filter -I FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
      filter -I OUTPUT -m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT
      filter -A FORWARD -m comment --comment "cali:S93hcgKJrXEqnTfs" -m comment --comment "Policy explicitly accepted packet." -m mark --mark 0x10000/0x10000 -j ACCEPT
      filter -A FORWARD -m comment --comment "cali:mp77cMpurHhyjLrM" -j MARK --set-xmark 0x10000/0x10000
      filter -A cali-INPUT -i cali+ -m comment --comment "cali:FewJpBykm9iJ-YNH" -g cali-wl-to-host
      filter -A cali-INPUT -m comment --comment "cali:tqJRPHG1E83LXdJW" -m mark --mark 0x10000/0x10000 -j ACCEPT
      filter -A cali-FORWARD -m comment --comment "cali:vjrMJCRpqwy5oRoX" -j MARK --set-xmark 0x0/0xe0000
      filter -A cali-FORWARD -i cali+ -m comment --comment "cali:8ZoYfO5HKXWbB3pk" -j cali-from-wl-dispatch
      filter -A cali-FORWARD -o cali+ -m comment --comment "cali:jdEuaPBe14V2hutn" -j cali-to-wl-dispatch
      filter -A cali-from-wl-dispatch -i cali96d04af35d5 -m comment --comment "cali:9ajXj6S8mKEGqObh" -g cali-fw-cali96d04af35d5
      filter -A cali-from-wl-dispatch -m comment --comment "cali:zTj6P0TIgYvgz-md" -m comment --comment "Unknown interface" -j DROP
      filter -A cali-fw-cali96d04af35d5 -m comment --comment "cali:EDdudRkZvRKzotmw" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
      filter -A cali-fw-cali96d04af35d5 -m comment --comment "cali:S-GWjzahFL0pbjAu" -j cali-pro-kns.default
      filter -A cali-fw-cali96d04af35d5 -m comment --comment "cali:za--rsUILPSrDZ1y" -m comment --comment "Drop if no profiles matched" -j DROP
      filter -A cali-pro-kns.default -m comment --comment "cali:DTsGE7pFaKbRuEBg" -j MARK --set-xmark 0x10000/0x10000
      filter -A cali-pro-kns.default -m comment --comment "cali:4bIByWXruQ1DMcbo" -m mark --mark 0x10000/0x10000 -j RETURN
      filter -A cali-to-wl-dispatch -m comment --comment "cali:BwG5w14LEE2fvKEe" -m comment --comment "Unknown interface" -j DROP
      filter -A cali-wl-to-host -m comment --comment "cali:Ee9Sbo10IpVujdIY" -j cali-from-wl-dispatch
      filter -A cali-wl-to-host -m comment --comment "cali:nSZbcOoG1xPONxb8" -m comment --comment "Configured DefaultEndpointToHostAction" -j ACCEPT
      """)

  private static let cilium = AgentRules(
    name: "Cilium",
    rules: """
      raw -I PREROUTING -m comment --comment "cilium-feeder: CILIUM_PRE_raw" -j CILIUM_PRE_raw
      raw -I OUTPUT -m comment --comment "cilium-feeder: CILIUM_OUTPUT_raw" -j CILIUM_OUTPUT_raw
      raw -A CILIUM_PRE_raw -d 10.244.0.0/16 -m comment --comment "cilium: NOTRACK for pod traffic" -j CT --notrack
      raw -A CILIUM_OUTPUT_raw -o lxc+ -m mark --mark 0xa00/0xfffffeff -m comment --comment "cilium: NOTRACK for proxy return traffic" -j CT --notrack
      mangle -I PREROUTING -m comment --comment "cilium-feeder: CILIUM_PRE_mangle" -j CILIUM_PRE_mangle
      mangle -A CILIUM_PRE_mangle ! -o lo -m socket --transparent -m comment --comment "cilium: any->pod redirect proxied traffic to host proxy" -j MARK --set-xmark 0x200/0xffffffff
      nat -I PREROUTING -m comment --comment "cilium-feeder: CILIUM_PRE_nat" -j CILIUM_PRE_nat
      nat -I OUTPUT -m comment --comment "cilium-feeder: CILIUM_OUTPUT_nat" -j CILIUM_OUTPUT_nat
      nat -I POSTROUTING -m comment --comment "cilium-feeder: CILIUM_POST_nat" -j CILIUM_POST_nat
      nat -A CILIUM_POST_nat -s 10.244.1.0/24 ! -d 10.244.0.0/16 ! -o cilium_+ -m comment --comment "cilium masquerade non-cluster" -j MASQUERADE
      filter -I INPUT -m comment --comment "cilium-feeder: CILIUM_INPUT" -j CILIUM_INPUT
      filter -I FORWARD -m comment --comment "cilium-feeder: CILIUM_FORWARD" -j CILIUM_FORWARD
      filter -I OUTPUT -m comment --comment "cilium-feeder: CILIUM_OUTPUT" -j CILIUM_OUTPUT
      filter -A CILIUM_FORWARD -o cilium_host -m comment --comment "cilium: any->cluster on cilium_host forward accept" -j ACCEPT
      filter -A CILIUM_FORWARD -i lxc+ -m comment --comment "cilium: cluster->any on lxc+ forward accept" -j ACCEPT
      filter -A CILIUM_INPUT -m mark --mark 0x200/0xf00 -m comment --comment "cilium: ACCEPT for proxy traffic" -j ACCEPT
      filter -A CILIUM_OUTPUT -m mark --mark 0xa00/0xe00 -m comment --comment "cilium: ACCEPT for proxy traffic" -j ACCEPT
      """)

  private static let docker = AgentRules(
    name: "Docker",
    rules: """
      nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
      nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
      nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
      nat -A POSTROUTING -s 172.18.0.0/16 ! -o br-8ed96ba6747a -j MASQUERADE
      nat -A DOCKER -i docker0 -j RETURN
      nat -A DOCKER -i br-8ed96ba6747a -j RETURN
      nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 5000 -j DNAT --to-destination 172.17.0.2:5000
      filter -I FORWARD -i docker0 -o docker0 -j ACCEPT
      filter -I FORWARD -i docker0 ! -o docker0 -j ACCEPT
      filter -I FORWARD -o docker0 -j DOCKER
      filter -I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
      filter -I FORWARD -o br-8ed96ba6747a -j DOCKER
      filter -I FORWARD -j DOCKER-ISOLATION-STAGE-1
      filter -I FORWARD -j DOCKER-USER
      filter -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 5000 -j ACCEPT
      filter -A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
      filter -A DOCKER-ISOLATION-STAGE-1 -i br-8ed96ba6747a ! -o br-8ed96ba6747a -j DOCKER-ISOLATION-STAGE-2
      filter -A DOCKER-ISOLATION-STAGE-1 -j RETURN
      filter -A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
      filter -A DOCKER-ISOLATION-STAGE-2 -o br-8ed96ba6747a -j DROP
      filter -A DOCKER-ISOLATION-STAGE-2 -j RETURN
      filter -A DOCKER-USER -j RETURN
      """)

  private static let firewalld = AgentRules(
    name: "firewalld",
    rules: """
      nat -A PREROUTING -j PREROUTING_direct
      nat -A PREROUTING -j PREROUTING_ZONES
      nat -A OUTPUT -j OUTPUT_direct
      nat -A POSTROUTING -j POSTROUTING_direct
      nat -A POSTROUTING -j POSTROUTING_ZONES
      nat -A PREROUTING_ZONES -i eth0 -g PRE_public
      nat -A PREROUTING_ZONES -g PRE_public
      nat -A PRE_public -j PRE_public_pre
      nat -A PRE_public -j PRE_public_log
      nat -A PRE_public -j PRE_public_deny
      nat -A PRE_public -j PRE_public_allow
      nat -A PRE_public -j PRE_public_post
      nat -A POSTROUTING_ZONES -g POST_public
      mangle -A PREROUTING -j PREROUTING_direct
      mangle -A PREROUTING -j PREROUTING_ZONES
      raw -A PREROUTING -j PREROUTING_direct
      filter -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
      filter -A INPUT -i lo -j ACCEPT
      filter -A INPUT -j INPUT_direct
      filter -A INPUT -j INPUT_ZONES
      filter -A INPUT -m conntrack --ctstate INVALID -j DROP
      filter -A INPUT -j REJECT --reject-with icmp-host-prohibited
      filter -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
      filter -A FORWARD -j FORWARD_direct
      filter -A FORWARD -j FORWARD_IN_ZONES
      filter -A FORWARD -j FORWARD_OUT_ZONES
      filter -A FORWARD -j REJECT --reject-with icmp-host-prohibited
      filter -A INPUT_ZONES -i eth0 -g IN_public
      filter -A INPUT_ZONES -g IN_public
      filter -A IN_public -j IN_public_allow
      filter -A IN_public -p icmp -j ACCEPT
      filter -A IN_public_allow -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT
      """)

  private static let ufw = AgentRules(
    name: "ufw",
    rules: """
      filter -A INPUT -j ufw-before-logging-input
      filter -A INPUT -j ufw-before-input
      filter -A INPUT -j ufw-after-input
      filter -A INPUT -j ufw-reject-input
      filter -A FORWARD -j ufw-before-logging-forward
      filter -A FORWARD -j ufw-before-forward
      filter -A FORWARD -j ufw-reject-forward
      filter -A OUTPUT -j ufw-before-output
      filter -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
      filter -A ufw-before-forward -j ufw-user-forward
      filter -A ufw-before-input -i lo -j ACCEPT
      filter -A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny
      filter -A ufw-before-input -m conntrack --ctstate INVALID -j DROP
      filter -A ufw-before-input -j ufw-not-local
      filter -A ufw-before-input -j ufw-user-input
      filter -A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
      filter -A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny
      filter -A ufw-not-local -j DROP
      filter -A ufw-skip-to-policy-input -j DROP
      filter -A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
      filter -A ufw-user-limit-accept -j ACCEPT
      """)

  private static let k3s = AgentRules(
    name: "k3s",
    rules: """
      nat -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
      nat -A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN
      nat -A FLANNEL-POSTRTG -s 10.42.0.0/24 -d 10.42.0.0/16 -m comment --comment "flanneld masq" -j RETURN
      nat -A FLANNEL-POSTRTG ! -s 10.42.0.0/16 -d 10.42.0.0/16 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
      nat -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
      nat -A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
      nat -A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
      nat -A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
      nat -A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
      nat -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"7ad6a8ce5b6d\\"" -m multiport --dports 80,443 -j CNI-DN-93fd5f42fffe1daf6b01f
      nat -A CNI-HOSTPORT-DNAT -p udp -m comment --comment "dnat name: \\"cbr0\\" id: \\"7ad6a8ce5b6d\\"" -m multiport --dports 443 -j CNI-DN-93fd5f42fffe1daf6b01f
      nat -A CNI-DN-93fd5f42fffe1daf6b01f -s 10.42.0.0/24 -p tcp -m tcp --dport 80 -j CNI-HOSTPORT-SETMARK
      nat -A CNI-DN-93fd5f42fffe1daf6b01f -s 127.0.0.1/32 -p tcp -m tcp --dport 80 -j CNI-HOSTPORT-SETMARK
      nat -A CNI-DN-93fd5f42fffe1daf6b01f -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.0.7:80
      nat -A CNI-DN-93fd5f42fffe1daf6b01f -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.42.0.7:443
      nat -A CNI-DN-93fd5f42fffe1daf6b01f -p udp -m udp --dport 443 -j DNAT --to-destination 10.42.0.7:443
      filter -I INPUT -m comment --comment "kube-router netpol - 4IA2OSFRMVNDXBVV" -j KUBE-ROUTER-INPUT
      filter -I FORWARD -m comment --comment "kube-router netpol - TEMCG2JMHZYE7H7T" -j KUBE-ROUTER-FORWARD
      filter -I OUTPUT -m comment --comment "kube-router netpol - VEAAIY32XVBHCSCY" -j KUBE-ROUTER-OUTPUT
      filter -A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD
      filter -A FLANNEL-FWD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
      filter -A FLANNEL-FWD -d 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
      filter -A KUBE-ROUTER-FORWARD -d 10.42.0.7/32 -m comment --comment "rule to jump traffic destined to POD" -j KUBE-POD-FW-4PLY33QEOVQJLOBS
      filter -A KUBE-ROUTER-FORWARD -m comment --comment "rule to explicitly ACCEPT traffic that comply to network policies" -m mark --mark 0x20000/0x20000 -j ACCEPT
      filter -A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment "allow traffic to primary cluster IP range" -j RETURN
      filter -A KUBE-POD-FW-4PLY33QEOVQJLOBS -m comment --comment "rule for stateful firewall for pod" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
      filter -A KUBE-POD-FW-4PLY33QEOVQJLOBS -d 10.42.0.7/32 -m comment --comment "run through default ingress network policy chain" -j KUBE-NWPLCY-DEFAULT
      filter -A KUBE-POD-FW-4PLY33QEOVQJLOBS -m comment --comment "rule to REJECT traffic destined for POD" -m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable
      filter -A KUBE-NWPLCY-DEFAULT -m comment --comment "rule to mark traffic matching a network policy" -j MARK --set-xmark 0x10000/0x10000
      """)

  private static let nodeLocalDNS = AgentRules(
    name: "Node-local DNS",
    rules: ["169.254.20.10/32", "10.96.0.10/32"].flatMap { address in
      ["tcp", "udp"].flatMap { name in
        [
          "raw -I PREROUTING -d \(address) -p \(name) -m \(name) --dport 53 -j NOTRACK",
          "filter -I INPUT -d \(address) -p \(name) -m \(name) --dport 53 -j ACCEPT",
          "raw -I OUTPUT -s \(address) -p \(name) -m \(name) --sport 53 -j NOTRACK",
          "filter -I OUTPUT -s \(address) -p \(name) -m \(name) --sport 53 -j ACCEPT",
          "raw -I OUTPUT -d \(address) -p \(name) -m \(name) --dport 53 -j NOTRACK",
        ]
      } + ["raw -I OUTPUT -d \(address) -p tcp -m tcp --dport 8080 -j NOTRACK"]
    }.joined(separator: "\n"))
}

/// The chains that kube-proxy 1.28 and the kubelet write once, whatever the services are.
enum Plumbing {
  /// The chains of nat that kube-proxy writes again at each sync, a partial one included.
  static let rewrittenBySync: Set = [
    "KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ",
  ]

  /// nat: built-in chains, marks and masquerading, and the dispatch chains with the rules given.
  static func nat(
    _ family: AddressFamily, dispatchRules: [String], nodePortRules: [String]
  ) -> [Chain] {
    let notLoopback = family == .ipv6 ? "! -d ::1/128 " : ""
    let portals = comment("kubernetes service portals") + "-j KUBE-SERVICES"
    let nodePorts =
      notLoopback
      + comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
      + "-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
    return [
      Chain(name: "PREROUTING", policy: "ACCEPT", rules: [portals]),
      Chain(name: "INPUT", policy: "ACCEPT"),
      Chain(name: "OUTPUT", policy: "ACCEPT", rules: [portals]),
      Chain(
        name: "POSTROUTING", policy: "ACCEPT",
        rules: [comment("kubernetes postrouting rules") + "-j KUBE-POSTROUTING"]),
      Chain(name: "KUBE-MARK-MASQ", rules: ["-j MARK --set-xmark 0x4000/0x4000"]),
      Chain(name: "KUBE-NODEPORTS", rules: nodePortRules),
      Chain(
        name: "KUBE-POSTROUTING",
        rules: [
          "-m mark ! --mark 0x4000/0x4000 -j RETURN",
          "-j MARK --set-xmark 0x4000/0x0",
          comment("kubernetes service traffic requiring SNAT") + "-j MASQUERADE --random-fully",
        ]),
      Chain(name: "KUBE-PROXY-CANARY"),
      Chain(name: "KUBE-SERVICES", rules: dispatchRules + [nodePorts]),
    ]
  }

  static func filter(_ family: AddressFamily) -> [Chain] {
    let firewall =
      "-m conntrack --ctstate NEW " + comment("kubernetes load balancer firewall")
      + "-j KUBE-PROXY-FIREWALL"
    let external =
      "-m conntrack --ctstate NEW " + comment("kubernetes externally-visible service portals")
      + "-j KUBE-EXTERNAL-SERVICES"
    let portals =
      "-m conntrack --ctstate NEW " + comment("kubernetes service portals") + "-j KUBE-SERVICES"
    let healthCheck = comment("kubernetes health check service ports") + "-j KUBE-NODEPORTS"
    let forward = comment("kubernetes forwarding rules") + "-j KUBE-FORWARD"
    return [
      Chain(
        name: "INPUT", policy: "ACCEPT",
        rules: ["-j KUBE-FIREWALL", firewall, healthCheck, external]),
      Chain(name: "FORWARD", policy: "ACCEPT", rules: [firewall, forward, portals, external]),
      Chain(name: "OUTPUT", policy: "ACCEPT", rules: ["-j KUBE-FIREWALL", firewall, portals]),
      Chain(name: "KUBE-EXTERNAL-SERVICES"),
      Chain(name: "KUBE-FIREWALL", rules: family == .ipv4 ? [localnetRule] : []),
      Chain(name: "KUBE-FORWARD", rules: forwardRules),
      Chain(name: "KUBE-NODEPORTS"),
      Chain(name: "KUBE-PROXY-CANARY"),
      Chain(name: "KUBE-PROXY-FIREWALL"),
      Chain(name: "KUBE-SERVICES"),
    ]
  }

  static var mangle: [Chain] {
    ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"].map {
      Chain(name: $0, policy: "ACCEPT")
    } + [Chain(name: "KUBE-PROXY-CANARY")]
  }

  private static var localnetRule: String {
    "! -s 127.0.0.0/8 -d 127.0.0.0/8 " + comment("block incoming localnet connections")
      + "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
  }

  private static var forwardRules: [String] {
    [
      "-m conntrack --ctstate INVALID -j DROP",
      comment("kubernetes forwarding rules") + "-m mark --mark 0x4000/0x4000 -j ACCEPT",
      comment("kubernetes forwarding conntrack rule")
        + "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    ]
  }

  private static func comment(_ text: String) -> String {
    "-m comment --comment \"\(text)\" "
  }
}

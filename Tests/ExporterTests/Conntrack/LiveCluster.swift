import Netfilter
import Platform
import TestSupport

/// Service ports with endpoints on the loopback device, in one network namespace: what kube-proxy writes for them,
/// and what becomes of their connections.
struct LiveCluster {
  struct Service: Hashable {
    let number: Int
    let transport: String
    let address: String
    let port: UInt16
    let nodePort: UInt16?
    /// Such as `10.244.0.7:8053`, `[fd00:10:244::7]:8053`.
    var endpoints: [String]

    var name: String { "s\(number)" }
  }

  let family: IPFamily
  var services: [Service]

  /// The node's address, from which clients ask and which has the NodePorts.
  var node: String { family == .ipv4 ? "192.168.77.1" : "fd00:77::1" }

  /// Every third service port is TCP, the others UDP. Every tenth has a NodePort.
  init(_ family: IPFamily, services count: Int) {
    self.family = family
    services = (0..<count).map { number in
      let isTCP = number % 3 == 0
      return Service(
        number: number, transport: isTCP ? "tcp" : "udp",
        address: Self.address("96", number + 10, family), port: isTCP ? 80 : 53,
        nodePort: number % 10 == 0 ? UInt16(30_000 + number) : nil,
        endpoints: (0..<3).map {
          let address = Self.address("244", 3 * number + $0 + 10, family)
          let port = isTCP ? 8080 : 8053
          return family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        })
    }
  }

  private static func address(_ network: String, _ number: Int, _ family: IPFamily) -> String {
    family == .ipv4
      ? "10.\(network).\(number / 250).\(number % 250 + 1)"
      : "fd00:10:\(network)::\(String(number, radix: 16))"
  }

  /// Makes the node's addresses and routes: service addresses lead nowhere without a rule.
  func setUp() throws {
    let ip = family == .ipv4 ? "-4" : "-6"
    let networks =
      family == .ipv4
      ? ("10.244.0.0/16", "10.96.0.0/16") : ("fd00:10:244::/64", "fd00:10:96::/64")
    try Command.run("ip", "link", "set", "lo", "up")
    if family == .ipv4 {
      try Command.run("ip", ip, "addr", "add", node + "/32", "dev", "lo")
    } else {
      try Command.run("ip", ip, "addr", "add", node + "/128", "dev", "lo", "nodad")
    }
    try Command.run("ip", ip, "route", "add", "local", networks.0, "dev", "lo")
    try Command.run("ip", ip, "route", "add", networks.1, "dev", "lo", "src", node)
  }

  /// What kube-proxy writes.
  var ruleset: RulesetText {
    var nat = [
      #"-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES"#,
      #"-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES"#,
    ]
    var filter: [String] = []
    for service in services {
      let (transport, name) = (service.transport, "live/\(service.name)")
      let length = family == .ipv4 ? 32 : 128
      let place = "-d \(service.address)/\(length) -p \(transport) -m comment --comment \"\(name)"
      let port = "-m \(transport) --dport \(service.port)"
      if service.endpoints.isEmpty {
        filter.append("-A KUBE-SERVICES \(place) has no endpoints\" \(port) -j REJECT")
        if let nodePort = service.nodePort {
          filter.append(
            "-A KUBE-EXTERNAL-SERVICES -p \(transport) -m comment --comment \"\(name) has no endpoints\" -m addrtype --dst-type LOCAL -m \(transport) --dport \(nodePort) -j REJECT"
          )
        }
        continue
      }
      let chain = "KUBE-SVC-" + chainHash(name + transport)
      nat.append("-A KUBE-SERVICES \(place) cluster IP\" \(port) -j \(chain)")
      if let nodePort = service.nodePort {
        nat.append(
          "-A KUBE-NODEPORTS -p \(transport) -m comment --comment \"\(name)\" -m \(transport) --dport \(nodePort) -j \(chain)"
        )
      }
      for (index, endpoint) in service.endpoints.enumerated() {
        let left = service.endpoints.count - index
        let odds =
          left == 1
          ? "" : "-m statistic --mode random --probability \(left == 2 ? "0.5" : "0.33333333349") "
        let target = "KUBE-SEP-" + chainHash(name + transport + endpoint)
        nat.append(
          "-A \(chain) -m comment --comment \"\(name) -> \(endpoint)\" \(odds)-j \(target)")
        nat.append(
          "-A \(target) -p \(transport) -m comment --comment \"\(name)\" -m \(transport) -j DNAT --to-destination \(endpoint)"
        )
      }
    }
    nat.append(
      #"-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"#
    )
    return RulesetText(
      family, nat: nat.joined(separator: "\n"), filter: filter.joined(separator: "\n"))
  }

  /// Takes the first endpoint from every fourth service port, and all from every seventh.
  mutating func removeEndpoints() {
    for index in services.indices {
      if index % 4 == 1 { services[index].endpoints.removeFirst() }
      if index % 7 == 2 { services[index].endpoints = [] }
    }
  }
}

/// What kube-proxy makes of a text: the end of a chain's name.
func chainHash(_ text: String) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
  let bits = SHA256.digest(of: Array(text.utf8)).prefix(10).flatMap { byte in
    (0..<8).map { byte >> (7 - $0) & 1 }
  }
  return String(
    (0..<16).map { index in
      alphabet[bits[(5 * index)...].prefix(5).reduce(0) { $0 << 1 | Int($1) }]
    })
}

import Netfilter
import TestSupport

/// What a random rule asks for: selectors and matches that may stand in its chain.
struct RandomConditions {
  private let family: IPFamily
  private let place: RandomRules.Place
  private var random: SplitMix64
  /// The protocol that the rule needs; chosen where it is nil and a match needs one.
  var ipProtocol: String?
  private var isProtocolFixed = false
  private var selectors: [String] = []
  private var matches: [String] = []
  private var hasTransport = false

  init(_ family: IPFamily, _ place: RandomRules.Place, _ random: SplitMix64) {
    self.family = family
    self.place = place
    self.random = random
  }

  mutating func text(atLeast least: Int) -> String {
    isProtocolFixed = ipProtocol != nil
    for _ in 0..<max(least, pick([0, 1, 1, 1, 2, 2, 3])) { add() }
    if let ipProtocol { selectors.append("-p \(ipProtocol)") }
    return (selectors + matches).map { $0 + " " }.joined()
  }

  private mutating func add() {
    switch Int.random(in: 0..<20, using: &random) {
    case 0, 1: select("-s", inverted: true, network(Self.sources[family] ?? []))
    case 2, 3: select("-d", inverted: true, network(Self.destinations[family] ?? []))
    case 4: interface()
    case 5: protocolOnly()
    case 6, 7, 8: transport()
    case 9, 10: match("mark", "--mark", mark())
    case 11: match("connmark", "--mark", mark())
    case 12: addressTypes()
    case 13, 14, 15: tracking()
    case 16: addressRange()
    case 17: bridge()
    case 18: counted()
    default: unknown()
    }
  }

  private mutating func select(_ option: String, inverted: Bool, _ value: String) {
    if selectors.contains(where: { $0.contains(" \(option) ") || $0.hasPrefix("\(option) ") }) {
      return
    }
    // What matches nothing, nf_tables refuses, or iptables-save doesn't print.
    let isInverted = inverted && !value.hasSuffix("/0") && value != "+" && chance(4)
    selectors.append((isInverted ? "! " : "") + "\(option) \(value)")
  }

  private mutating func network(_ addresses: [String]) -> String {
    let lengths =
      family == .ipv4 ? ["8", "16", "24", "32", "0", "30"] : ["16", "48", "64", "128", "0"]
    if family == .ipv4, chance(12) { return pick(addresses) + "/255.0.255.0" }
    return pick(addresses) + "/" + pick(lengths)
  }

  private mutating func interface() {
    let names = ["pod0", "out0", "lo", "po+", "+", "out+", "eth7", "br0", "br+"]
    let takesInput = !place.isBuiltIn || !["OUTPUT", "POSTROUTING"].contains(place.chain)
    let takesOutput = !place.isBuiltIn || !["PREROUTING", "INPUT"].contains(place.chain)
    if takesInput, !takesOutput || chance(2) {
      select("-i", inverted: true, pick(names))
    } else if takesOutput {
      select("-o", inverted: true, pick(names))
    }
  }

  private mutating func protocolOnly() {
    guard ipProtocol == nil, !isProtocolFixed else { return }
    ipProtocol = pick(["tcp", "udp", "sctp", family == .ipv4 ? "icmp" : "ipv6-icmp", "esp", "gre"])
    isProtocolFixed = true
    if chance(4), let name = ipProtocol {
      selectors.append("! -p \(name)")
      ipProtocol = nil
    }
  }

  private mutating func transport() {
    if isProtocolFixed, ipProtocol == nil || hasTransport { return }
    hasTransport = true
    let kind = ipProtocol ?? pick(["tcp", "udp", "udp", "tcp", "sctp", "icmp"])
    isProtocolFixed = true
    if ["icmp", "ipv6-icmp"].contains(kind) {
      let types =
        family == .ipv4
        ? ["echo-request", "8/0", "8", "echo-reply", "any", "3/1", "8/1"]
        : ["echo-request", "128/0", "128", "129", "1/4", "128/1"]
      ipProtocol = family == .ipv4 ? "icmp" : "ipv6-icmp"
      match(
        family == .ipv4 ? "icmp" : "icmp6", family == .ipv4 ? "--icmp-type" : "--icmpv6-type",
        pick(types))
      return
    }
    ipProtocol = kind
    guard ["tcp", "udp", "sctp"].contains(kind) else { return }
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let option = pick(["--dports", "--ports", "--sports"])
      match("multiport", option, pick(["53,80", "80:9000,53", "1:65535", "20000:40000", "443"]))
    case 1 where kind == "tcp":
      match(
        "tcp", "--tcp-flags",
        pick([
          "FIN,SYN,RST,ACK SYN", "SYN SYN", "ALL SYN", "ACK NONE", "ALL NONE", "SYN,ACK SYN,ACK",
          "RST RST", "FIN,RST NONE",
        ]))
    default:
      var text = "-m \(kind)"
      if chance(3) {
        text += inversion() + "--sport " + pick(["1:30000", "40000:65535", ":1023", "20000:"])
      }
      text += inversion() + "--dport " + pick(["53", "80", "1:1024", "8080", "80:", ":100", "443"])
      matches.append(text)
    }
  }

  private mutating func addressTypes() {
    var types = ["LOCAL", "UNICAST", "LOCAL,MULTICAST", "MULTICAST", "UNICAST,LOCAL"]
    types +=
      family == .ipv4
      ? ["BROADCAST", "UNSPEC", "ANYCAST", "BLACKHOLE"] : ["UNREACHABLE", "ANYCAST"]
    var text = "-m addrtype"
    let isSource = chance(3)
    if isSource { text += inversion() + "--src-type " + pick(types) }
    if !isSource || chance(3) { text += inversion() + "--dst-type " + pick(types) }
    if chance(6), place.hooks.isSubset(of: ["PREROUTING", "INPUT", "FORWARD"]) {
      text += " --limit-iface-in"
    } else if chance(6), place.hooks.isSubset(of: ["FORWARD", "OUTPUT", "POSTROUTING"]) {
      text += " --limit-iface-out"
    }
    matches.append(text)
  }

  private mutating func tracking() {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<4:
      match(
        "conntrack", "--ctstate",
        pick([
          "NEW", "NEW,ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED", "DNAT", "SNAT",
          "NEW,UNTRACKED", "DNAT,SNAT", "INVALID,NEW",
        ]))
    case 4:
      match(
        "state", "--state", pick(["NEW", "INVALID", "UNTRACKED", "NEW,RELATED"]), inverted: false)
    case 5:
      match(
        "conntrack", "--ctstatus", pick(["NONE", "CONFIRMED", "SEEN_REPLY", "EXPECTED,ASSURED"]))
    case 6:
      let option = pick(["--ctorigsrc", "--ctreplsrc", "--ctorigdst", "--ctrepldst"])
      let isSource = option == "--ctorigsrc" || option == "--ctrepldst"
      match(
        "conntrack", option,
        network((isSource ? Self.sources[family] : Self.destinations[family]) ?? []))
    case 7:
      let option = pick([
        "--ctorigsrcport", "--ctreplsrcport", "--ctorigdstport", "--ctrepldstport",
      ])
      match("conntrack", option, pick(["53", "80", "1:1024", "20000:65535", "8080"]))
    case 8: match("conntrack", "--ctproto", pick(["6", "17", "132", family == .ipv4 ? "1" : "58"]))
    default: match("conntrack", "--ctdir", pick(["ORIGINAL", "REPLY"]), inverted: false)
    }
  }

  private mutating func addressRange() {
    let ranges =
      family == .ipv4
      ? ["10.244.0.0-10.244.255.255", "10.96.0.0-10.96.0.10", "127.0.0.1-192.168.50.1"]
      : ["fd00:10:244::-fd00:10:244:ffff::", "fd00:10:96::-fd00:10:96::a", "::1-2001:db8::9"]
    match("iprange", pick(["--src-range", "--dst-range"]), pick(ranges))
  }

  private mutating func bridge() {
    let options =
      [
        "--physdev-in port0", "--physdev-in po+", "--physdev-in pod0", "--physdev-is-in",
        "--physdev-is-bridged",
      ]
      + (place.hooks.contains("OUTPUT") ? [] : ["--physdev-out out+", "--physdev-is-out"])
    matches.append("-m physdev" + inversion() + pick(options))
  }

  private mutating func counted() {
    matches.append(
      pick([
        "-m nfacct --nfacct-name walk", "-m comment --comment \"a rule -j DROP \\\" of ours\"",
        "-m statistic --mode random --probability 0.5", "-m comment --comment plain",
        "-m statistic --mode random ! --probability 0.3",
        "-m statistic --mode nth --every 2 --packet 0",
      ]))
  }

  private mutating func unknown() {
    let (name, hops) = family == .ipv4 ? ("walk4", "ttl") : ("walk6", "hl")
    var texts = [
      "-m limit --limit 3/sec --limit-burst 3", "-m set --match-set \(name)-net src",
      "-m set ! --match-set \(name)-net dst", "-m length --length 0:60",
      "-m \(hops) --\(hops)-gt 62", "-m pkttype --pkt-type unicast",
      "-m recent --name walk --rcheck", "-m recent --name walk --set", "-m cpu --cpu 0",
      "-m hashlimit --hashlimit-upto 5/sec --hashlimit-mode dstip --hashlimit-name walk",
      "-m dscp --dscp 0x00", "-m connlimit --connlimit-above 2", "-m helper --helper ftp",
      "-m string --string walk --algo bm", "-m u32 --u32 \"0&0xFF=0:0x7f\"",
    ]
    if place.hooks.isSubset(of: ["OUTPUT", "POSTROUTING"]) {
      let owners = [
        "-m owner --uid-owner 0", "-m owner ! --uid-owner 0", "-m owner ! --socket-exists",
        "-m owner --gid-owner 7",
      ]
      texts += owners + owners + owners
    }
    if place.hooks == ["PREROUTING"], place.table != .nat {
      texts.append("-m rpfilter")
      texts.append("-m mac --mac-source 02:00:00:00:01:01")
    }
    matches.append(pick(texts))
  }

  private mutating func match(
    _ name: String, _ option: String, _ value: String, inverted: Bool = true
  ) {
    // iptables takes two of these for one.
    if option == "--mark", matches.contains(where: { $0.hasPrefix("-m \(name) ") }) { return }
    matches.append("-m \(name)" + (inverted ? inversion() : " ") + "\(option) \(value)")
  }

  private mutating func mark() -> String {
    pick(RandomRules.marks + ["0x0"]) + (chance(3) ? "" : "/" + pick(RandomRules.marks))
  }

  private mutating func inversion() -> String { chance(4) ? " ! " : " " }

  private mutating func chance(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &random) == 0
  }

  private mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: values.indices, using: &random)]
  }

  private static let sources: [IPFamily: [String]] = [
    .ipv4: ["10.244.1.3", "192.168.50.7", "203.0.113.5", "192.168.50.1", "127.0.0.1"],
    .ipv6: ["fd00:10:244:1::3", "fd00:50::7", "2001:db8:1::5", "fd00:50::1", "::1"],
  ]

  private static let destinations: [IPFamily: [String]] = [
    .ipv4: ["10.244.1.3", "10.244.2.3", "10.96.0.10", "198.51.100.9", "192.168.50.1", "127.0.0.1"],
    .ipv6: [
      "fd00:10:244:1::3", "fd00:10:244:2::3", "fd00:10:96::a", "2001:db8::9", "fd00:50::1", "::1",
    ],
  ]
}

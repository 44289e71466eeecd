extension Target {
  func write(to line: inout RuleLine) {
    switch self {
    case .none: break
    case .goto(let chain):
      line.option("-g")
      line.word(chain.bytes)
    default:
      line.option("-j")
      writeJump(to: &line)
    }
  }

  /// What stands after `-j`.
  private func writeJump(to line: inout RuleLine) {
    switch self {
    case .none, .goto: break
    case .jump(let chain): line.word(chain.bytes)
    case .verdict(let verdict): line.word(verdict.name)
    case .destinationNAT(let range): range.write("DNAT", addresses: "--to-destination", to: &line)
    case .sourceNAT(let range): range.write("SNAT", addresses: "--to-source", to: &line)
    case .masquerade(let range): range.write("MASQUERADE", ports: "--to-ports", to: &line)
    case .redirect(let range): range.write("REDIRECT", ports: "--to-ports", to: &line)
    case .mark(let value, let mask):
      line.option("MARK", "--set-xmark")
      line.word("\(value.hexadecimal)/\(mask.hexadecimal)")
    case .reject(let kind):
      let name = Self.name(ofRejection: kind, line.family)
      line.option("REJECT", "--reject-with")
      line.word(name)
    case .unrecognised(let target):
      ExtensionText.isNotrack(target) ? line.word("NOTRACK") : target.write(to: &line, as: .target)
    }
  }

  /// The kind's name, or its number where iptables has none for it.
  private static func name(ofRejection kind: UInt32, _ family: IPFamily) -> String {
    let names = family == .ipv4 ? rejectionsIPv4 : rejectionsIPv6
    return names[kind] ?? String(kind)
  }

  /// C counterpart: `enum ipt_reject_with`.
  private static let rejectionsIPv4: [UInt32: String] = [
    0: "icmp-net-unreachable", 1: "icmp-host-unreachable", 2: "icmp-proto-unreachable",
    3: "icmp-port-unreachable", 5: "icmp-net-prohibited", 6: "icmp-host-prohibited",
    7: "tcp-reset", 8: "icmp-admin-prohibited",
  ]

  /// C counterpart: `enum ip6t_reject_with`.
  private static let rejectionsIPv6: [UInt32: String] = [
    0: "icmp6-no-route", 1: "icmp6-adm-prohibited", 3: "icmp6-addr-unreachable",
    4: "icmp6-port-unreachable", 6: "tcp-reset", 7: "icmp6-policy-fail",
    8: "icmp6-reject-route",
  ]
}

extension AddressTranslation {
  fileprivate func write(_ name: String, addresses option: String, to line: inout RuleLine) {
    line.word(name)
    if hasAddress || hasPort { line.option(option, addressText + (hasPort ? ":" + portText : "")) }
    writeFlags(to: &line)
  }

  fileprivate func write(_ name: String, ports option: String, to line: inout RuleLine) {
    line.word(name)
    if hasPort { line.option(option, portText) }
    writeFlags(to: &line)
  }

  private func writeFlags(to line: inout RuleLine) {
    if flags & 4 != 0 { line.option("--random") }
    if flags & 16 != 0 { line.option("--random-fully") }
    if flags & 8 != 0 { line.option("--persistent") }
  }

  /// The addresses, which need brackets in IPv6 where ports follow.
  private var addressText: String {
    guard hasAddress else { return "" }
    let ends = first == last ? [first] : [first, last]
    let addresses = ends.map(\.numericText).joined(separator: "-")
    return hasPort && first.family == .ipv6 ? "[\(addresses)]" : addresses
  }

  private var portText: String {
    let range = PortRange(first: firstPort, last: lastPort).text("-")
    return flags & 32 != 0 ? "\(range)/\(basePort)" : range
  }
}

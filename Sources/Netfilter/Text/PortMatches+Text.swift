extension TCPMatch {
  func write(to line: inout RuleLine) {
    line.word("tcp")
    source.writeUnlessAll("--sport", to: &line)
    destination.writeUnlessAll("--dport", to: &line)
    if option != 0 || optionInverted {
      line.option("--tcp-option", String(option), inverted: optionInverted)
    }
    if flagMask != 0 || flagsInverted {
      line.option("--tcp-flags", Self.text(ofFlags: flagMask), inverted: flagsInverted)
      line.word(Self.text(ofFlags: flagsSet))
    }
  }

  private static func text(ofFlags flags: UInt8) -> String {
    flags == 0 ? "NONE" : flags.names(Self.flags)
  }

  private static let flags: [(bit: UInt8, name: String)] = [
    (0x01, "FIN"), (0x02, "SYN"), (0x04, "RST"), (0x08, "PSH"), (0x10, "ACK"), (0x20, "URG"),
  ]
}

extension UDPMatch {
  func write(to line: inout RuleLine) {
    line.word("udp")
    source.writeUnlessAll("--sport", to: &line)
    destination.writeUnlessAll("--dport", to: &line)
  }
}

extension SCTPMatch {
  func write(to line: inout RuleLine) {
    line.word("sctp")
    if source != .any { source.write("--sport", to: &line) }
    if destination != .any { destination.write("--dport", to: &line) }
  }
}

extension MultiportMatch {
  func write(to line: inout RuleLine) {
    line.word("multiport")
    let list = ports.map { $0.text(":") }.joined(separator: ",")
    line.option(side.option, list, inverted: inverted)
  }
}

extension MultiportMatch.Side {
  fileprivate var option: String {
    switch self {
    case .source: "--sports"
    case .destination: "--dports"
    case .either: "--ports"
    }
  }
}

extension PortRange {
  /// One port, or both ends of the range, whether it is inverted or not.
  func text(_ separator: String) -> String {
    first == last ? String(first) : "\(first)\(separator)\(last)"
  }

  fileprivate func write(_ option: String, to line: inout RuleLine) {
    line.option(option, text(":"), inverted: inverted)
  }

  /// iptables takes a range of all ports for none given, even where it is inverted.
  fileprivate func writeUnlessAll(_ option: String, to line: inout RuleLine) {
    if first != 0 || last != .max { write(option, to: &line) }
  }
}

internal import Netfilter

extension ExtensionOptions {
  /// Whether the match holds; unknown where nothing here evaluates it.
  func matches(_ context: MatchContext) -> Truth {
    let packet = context.state.packet
    switch name {
    // They count or describe, and match every packet.
    case "comment", "nfacct": return .yes
    case "tcp": return transport(packet, number: 6) && tcpFlags(packet) && unless("--tcp-option")
    case "udp": return transport(packet, number: 17)
    case "udplite": return transport(packet, number: 136)
    case "sctp": return transport(packet, number: 132) && unless("--chunk-types")
    case "dccp":
      return transport(packet, number: 33) && unless("--dccp-types") && unless("--dccp-option")
    case "multiport": return multiport(packet)
    case "icmp": return icmp(packet, "--icmp-type", number: 1, echoRequest: 8)
    case "icmp6": return icmp(packet, "--icmpv6-type", number: 58, echoRequest: 128)
    case "mark": return holds("--mark") { $0.isMark(context.state.mark) }
    case "connmark": return connectionMark(context.state)
    case "addrtype": return addressTypes(context)
    case "iprange": return addressRanges(context.state)
    case "conntrack", "state": return tracking(context.state)
    case "physdev": return bridgePorts(context.isFromNode ? .none : packet.bridgePort)
    case "owner": return context.isFromNode ? .unknown : Truth(areAllInverted)
    default: return .unknown
    }
  }

  /// Without a connection not even what is inverted holds. C counterpart: `connmark_mt`.
  private func connectionMark(_ state: WalkState) -> Truth {
    if state.hasTemplate { return .unknown }
    return state.hasConnection ? holds("--mark") { $0.isMark(state.connectionMark) } : .no
  }

  private func transport(_ packet: Packet, number: UInt8) -> Truth {
    Truth(packet.ipProtocol == number)
      && holds("--sport") { $0.contains(packet.sourcePort) }
      && holds("--dport") { $0.contains(packet.destinationPort) }
  }

  /// The first packet of a TCP connection has the flag SYN and no other.
  private func tcpFlags(_ packet: Packet) -> Truth {
    holds("--tcp-flags") { option in
      guard packet.connection == .new, option.values.count == 2 else { return .unknown }
      let isMasked = option.value == "ALL" || option.parts.contains("SYN")
      return Truth(option.values[1] == (isMasked ? "SYN" : "NONE"))
    }
  }

  private func multiport(_ packet: Packet) -> Truth {
    Truth([6, 17, 33, 132, 136].contains(packet.ipProtocol))
      && holds("--sports") { $0.containsAmongParts(packet.sourcePort) }
      && holds("--dports") { $0.containsAmongParts(packet.destinationPort) }
      && holds("--ports") {
        $0.containsAmongParts(packet.sourcePort) || $0.containsAmongParts(packet.destinationPort)
      }
  }

  /// ICMP packets are taken for echo requests, which begin a connection.
  private func icmp(
    _ packet: Packet, _ option: String, number: UInt8, echoRequest: UInt8
  ) -> Truth {
    Truth(packet.ipProtocol == number)
      && holds(option) { option in
        if option.value == "any" { return .yes }
        let parts = option.value.split(separator: "/").map { UInt8($0) }
        guard packet.connection == .new, let type = parts.first ?? nil else { return .unknown }
        return Truth(type == echoRequest && (parts.count == 1 || parts[1] == 0))
      }
  }

  private func addressRanges(_ state: WalkState) -> Truth {
    func isBetween(_ option: Option, _ address: IPAddress?) -> Truth {
      let ends = option.value.split(separator: "-").compactMap { IPAddress(String($0)) }
      guard ends.count == 2, let address else { return .unknown }
      return Truth(ends[0] <= address && address <= ends[1])
    }
    return holds("--src-range") { isBetween($0, state.source) }
      && holds("--dst-range") { isBetween($0, state.destination) }
  }

  /// Without a bridge's port, only options that are inverted match. C counterpart: `physdev_mt`.
  private func bridgePorts(_ port: NetworkInterface) -> Truth {
    if port == .none { return Truth(areAllInverted) }
    return holds("--physdev-in") { port.matches(Array($0.value.utf8)) }
      && holds("--physdev-is-in") { _ in port == .unknown ? .unknown : .yes }
      && unless("--physdev-out") && unless("--physdev-is-out") && unless("--physdev-is-bridged")
  }
}

extension ExtensionOptions.Option {
  fileprivate func isMark(_ mark: Mark) -> Truth {
    guard let wanted = self.mark else { return .unknown }
    // A value with bits outside its mask never matches.
    return wanted.value & ~wanted.mask == 0 ? mark.matches(wanted.value, mask: wanted.mask) : .no
  }
}

extension MatchContext {
  /// Whether a process of the node sent the packet.
  fileprivate var isFromNode: Bool { hook == .output || input == .none }
}

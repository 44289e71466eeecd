internal import Netfilter

/// What targets make of a packet.
extension WalkState {
  /// Takes the packet out of connection tracking: `NOTRACK`. Neither this nor ``setTemplate()`` changes what has a
  /// connection, or what one of them was done to.
  mutating func untrack(_ rule: RuleAddress) {
    guard !hasConnection, !hasTemplate, packet.connection != .untracked else { return }
    packet.connection = .untracked
    untrackingRule = rule
  }

  /// Says how connection tracking is to take the packet: `CT`.
  mutating func setTemplate() {
    if !hasConnection, packet.connection != .untracked { hasTemplate = true }
  }

  mutating func translateDestination(_ range: AddressTranslation, _ rule: RuleAddress) {
    destinationRule = rule
    if range.hasAddress {
      packet.destination = range.first
      hasUnknownDestination = range.first != range.last
    }
    translatePort(range)
  }

  private mutating func translatePort(_ range: AddressTranslation) {
    guard range.hasPort else { return }
    packet.destinationPort = range.firstPort == range.lastPort ? range.firstPort : nil
  }

  /// To an address of the interface that the packet came in by, or to a loopback address: `REDIRECT`.
  mutating func redirect(
    to ports: AddressTranslation?, _ rule: RuleAddress, _ hook: PacketHook
  ) {
    isRedirected = true
    destinationRule = rule
    if hook == .output {
      packet.destination =
        packet.family == .ipv4
        ? IPAddress(ipv4: 0x7f00_0001) : IPAddress(ipv6High: 0, low: 1)
    } else {
      hasUnknownDestination = true
    }
    if let ports { translatePort(ports) }
  }

  mutating func translateSource(_ range: AddressTranslation?, _ rule: RuleAddress) {
    sourceRule = rule
    if let range, range.hasAddress, range.first == range.last {
      packet.source = range.first
    } else if range?.hasAddress ?? true {
      hasUnknownSource = true
    }
    // The kernel may choose another port too.
    packet.sourcePort = nil
  }

  /// Replaces the network's part of an address: `NETMAP`.
  mutating func translate(
    _ network: AddressMatch, _ rule: RuleAddress, _ hook: PacketHook
  ) {
    if hook == .prerouting || hook == .output {
      destinationRule = rule
      packet.destination = packet.destination.mapped(to: network)
    } else {
      sourceRule = rule
      packet.source = packet.source.mapped(to: network)
    }
  }
}

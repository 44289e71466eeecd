internal import Netfilter

extension RuleAction {
  /// Whether the packet leaves the table, accepted.
  var isFinal: Bool {
    switch self {
    case .accept, .translateDestination, .translateNetwork, .redirect, .translateSource: true
    default: false
    }
  }

  /// Changes a packet as the target does.
  func apply(to state: inout WalkState, _ rule: RuleAddress, _ hook: PacketHook) {
    switch self {
    case .setMark(let value, let mask): state.mark = state.mark.setting(value, mask: mask)
    case .setConnectionMark, .saveMark, .restoreMark, .forgetConnectionMark:
      if state.hasConnection { applyToConnection(of: &state) }
    case .forgetMark: state.mark = .unknown
    // Both leave alone what has a connection, and what one of them was done to.
    case .untrack:
      if !state.hasConnection, !state.hasTemplate, state.packet.connection != .untracked {
        state.packet.connection = .untracked
        state.untrackingRule = rule
      }
    case .setTemplate:
      if !state.hasConnection, state.packet.connection != .untracked { state.hasTemplate = true }
    case .translateDestination(let range): state.translateDestination(range, rule)
    case .translateNetwork(let network): state.translate(network, rule, hook)
    case .redirect(let ports): state.redirect(to: ports, rule, hook)
    case .translateSource(let range): state.translateSource(range, rule)
    case .none, .accept, .drop, .return, .reject, .jump, .goto, .translateUnknown, .unknown: break
    }
  }

  /// Sets and copies marks of a connection: `CONNMARK`.
  private func applyToConnection(of state: inout WalkState) {
    switch self {
    case .setConnectionMark(let value, let mask):
      state.connectionMark = state.connectionMark.setting(value, mask: mask)
    case .saveMark(let packetMask, let connectionMask):
      state.connectionMark = state.connectionMark.replacing(
        connectionMask, by: state.mark, packetMask)
    case .restoreMark(let packetMask, let connectionMask):
      state.mark = state.mark.replacing(packetMask, by: state.connectionMark, connectionMask)
    case .forgetConnectionMark: state.connectionMark = .unknown
    default: break
    }
  }
}

extension WalkState {
  fileprivate mutating func translateDestination(_ range: AddressTranslation, _ rule: RuleAddress) {
    destinationRule = rule
    if range.hasAddress {
      packet.destination = range.first
      hasUnknownDestination = range.first != range.last
    }
    translatePort(range)
  }

  fileprivate mutating func translatePort(_ range: AddressTranslation) {
    guard range.hasPort else { return }
    packet.destinationPort = range.firstPort == range.lastPort ? range.firstPort : nil
  }

  /// To an address of the interface that the packet came in by, or to a loopback address: `REDIRECT`.
  fileprivate mutating func redirect(
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

  fileprivate mutating func translateSource(_ range: AddressTranslation?, _ rule: RuleAddress) {
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
  fileprivate mutating func translate(
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

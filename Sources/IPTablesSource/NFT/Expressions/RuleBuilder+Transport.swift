internal import Netfilter

extension RuleBuilder {
  /// Takes a comparison with bytes of the transport header; false where it isn't one of ports or of
  /// TCP's flags.
  @inline(__always)
  mutating func compareTransport(
    _ offset: UInt32, mask: RegisterValue?, with comparison: RegisterComparison
  ) -> Bool {
    switch (offset, comparison.value.count) {
    case (0, 2) where mask == nil: comparePorts(.source, comparison)
    case (2, 2) where mask == nil: comparePorts(.destination, comparison)
    case (0, 4) where mask == nil: compareBothPorts(comparison)
    case (13, 1): compareFlags(mask, comparison)
    default: false
    }
  }

  @inline(__always)
  private mutating func comparePorts(
    _ part: TransportMatch.Part, _ comparison: RegisterComparison
  ) -> Bool {
    let port = comparison.value.port
    let ports: PortRange
    switch comparison.relation {
    case .equal: ports = PortRange(first: port, last: port)
    case .notEqual: ports = PortRange(first: port, last: port, inverted: true)
    case .lessOrEqual:
      if narrowTransport(part, to: port) { return true }
      ports = PortRange(last: port)
    case .less:
      guard port > 0 else { return false }
      if narrowTransport(part, to: port - 1) { return true }
      ports = PortRange(last: port - 1)
    // So iptables stores `! --dport 0:5`, and prints `--dport 6:65535` of it.
    case .greater where port < .max: ports = PortRange(first: port + 1)
    case .greater: ports = PortRange(last: port, inverted: true)
    case .greaterOrEqual: ports = PortRange(first: port)
    case .within: ports = PortRange(first: port, last: comparison.upper.port)
    case .outside: ports = PortRange(first: port, last: comparison.upper.port, inverted: true)
    }
    return addTransport(part) { $0.setPorts(part, ports) }
  }

  /// Two single ports may be stored as one. Of two that are inverted iptables up to 1.8.10 made one
  /// too, and means both of them all the same.
  private mutating func compareBothPorts(_ comparison: RegisterComparison) -> Bool {
    guard let inverted = comparison.inverted else { return false }
    let (source, destination) = (comparison.value.port, comparison.value.secondPort)
    return addTransport(.source) {
      $0.setPorts(.source, PortRange(first: source, last: source, inverted: inverted))
      $0.setPorts(
        .destination, PortRange(first: destination, last: destination, inverted: inverted))
    }
  }

  private mutating func compareFlags(
    _ mask: RegisterValue?, _ comparison: RegisterComparison
  ) -> Bool {
    guard let inverted = comparison.inverted else { return false }
    return addTransport(.flags) {
      $0.setFlags(mask: mask?.byte ?? .max, set: comparison.value.byte, inverted: inverted)
    }
  }
}

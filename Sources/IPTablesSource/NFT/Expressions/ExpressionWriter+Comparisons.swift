private import CNFTables
internal import Netfilter
internal import XTables

extension ExpressionWriter {
  /// Takes a comparison with what was loaded last; false where the two make no match of iptables.
  @inline(__always)
  mutating func compare(_ comparison: RegisterComparison?) -> Bool {
    guard let comparison, let content, content.register == comparison.register,
      content.flipped?.isZero != false,
      content.mask == nil || content.mask?.count == comparison.value.count
    else { return false }
    let isKnown =
      switch content.source {
      case .network(let offset, let count):
        count == comparison.value.count
          && compareNetwork(offset, mask: content.mask, with: comparison)
      case .transport(let offset, let count):
        count == comparison.value.count
          && compareTransport(offset, mask: content.mask, with: comparison)
      case .meta(let key): compareMeta(key, mask: content.mask, with: comparison)
      case .value: false
      }
    if isKnown { self.content?.isUsed = true }
    return isKnown
  }

  /// C counterparts: `struct iphdr`, `struct ip6_hdr`.
  private mutating func compareNetwork(
    _ offset: UInt32, mask: RegisterValue?, with comparison: RegisterComparison
  ) -> Bool {
    guard let inverted = comparison.inverted else { return false }
    let value = comparison.value
    switch (family, offset) {
    case (.ipv4, 12), (.ipv6, 8):
      return Self.setAddress(&selectors.source, value, mask, inverted, family)
    case (.ipv4, 16), (.ipv6, 24):
      return Self.setAddress(&selectors.destination, value, mask, inverted, family)
    case (.ipv4, 9) where value.count == 1 && mask == nil:
      return RuleSelectors.set(&selectors.ipProtocol, (value.byte, inverted))
    case (.ipv4, 6) where value.count == 2 && value.isZero && mask?.port == Self.fragmentOffset:
      // The offset of all but the first fragments isn't 0.
      return RuleSelectors.set(&selectors.excludesFragments, !inverted)
    default: return false
    }
  }

  /// A mask that ends at a byte is stored as a shorter load.
  private static func setAddress(
    _ selector: inout AddressMatch?, _ value: RegisterValue, _ mask: RegisterValue?,
    _ inverted: Bool, _ family: IPFamily
  ) -> Bool {
    let mask = mask ?? .ones(value.count)
    guard value.count <= (family == .ipv4 ? 4 : 16), value.isWithin(mask) else { return false }
    if mask.isZero, !inverted { return true }
    let match = AddressMatch(
      address: value.address(family), mask: mask.address(family), inverted: inverted)
    return RuleSelectors.set(&selector, match)
  }

  private mutating func compareMeta(
    _ key: UInt32, mask: RegisterValue?, with comparison: RegisterComparison
  ) -> Bool {
    guard let inverted = comparison.inverted else { return false }
    let value = comparison.value
    switch nft_meta_keys(key) {
    case NFT_META_L4PROTO where value.count == 1 && mask == nil:
      return RuleSelectors.set(&selectors.ipProtocol, (value.byte, inverted))
    case NFT_META_IIFNAME where mask == nil:
      return RuleSelectors.set(&selectors.input, InterfaceSelector(value, inverted: inverted))
    case NFT_META_OIFNAME where mask == nil:
      return RuleSelectors.set(&selectors.output, InterfaceSelector(value, inverted: inverted))
    case NFT_META_MARK where value.count == 4:
      var info = StructBytes(capacity: 12)
      info.append(value.hostWord)
      info.append(mask?.hostWord ?? .max)
      info.append(UInt32(inverted ? 1 : 0))
      add { $0.write(.match, "mark", revision: 1, info: info, with: $1) }
      return true
    default: return false
    }
  }

  /// Which bits of the two bytes that also hold the fragment flags are the offset: `IP_OFFMASK`.
  private static let fragmentOffset: UInt16 = 0x1fff

  /// Takes a comparison with bytes of the transport header; false where it isn't one of ports or of
  /// TCP's flags.
  @inline(__always)
  private mutating func compareTransport(
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

private import CNFTables
internal import Netfilter

extension RuleBuilder {
  /// Takes a comparison with what was loaded last; false where the two make no match of iptables.
  @inline(__always)
  mutating func compare(_ comparison: RegisterComparison) -> Bool {
    guard let content, content.register == comparison.register,
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
      return compareAddress(value, mask, inverted, as: .source)
    case (.ipv4, 16), (.ipv6, 24):
      return compareAddress(value, mask, inverted, as: .destination)
    case (.ipv4, 9) where value.count == 1 && mask == nil:
      return add(ProtocolMatch(number: value.byte, inverted: inverted))
    case (.ipv4, 6) where value.count == 2 && value.isZero && mask?.port == Self.fragmentOffset:
      // The offset of all but the first fragments isn't 0.
      return add(.fragment(inverted: !inverted), as: .fragment)
    default: return false
    }
  }

  /// A mask that ends at a byte is stored as a shorter load.
  private mutating func compareAddress(
    _ value: RegisterValue, _ mask: RegisterValue?, _ inverted: Bool, as selector: Selector
  ) -> Bool {
    let mask = mask ?? .ones(value.count)
    guard value.count <= (family == .ipv4 ? 4 : 16), value.isWithin(mask) else { return false }
    if mask.isZero, !inverted { return true }
    let match = AddressMatch(
      address: value.address(family), mask: mask.address(family), inverted: inverted)
    return add(selector == .source ? .source(match) : .destination(match), as: selector)
  }

  private mutating func compareMeta(
    _ key: UInt32, mask: RegisterValue?, with comparison: RegisterComparison
  ) -> Bool {
    guard let inverted = comparison.inverted else { return false }
    let value = comparison.value
    switch nft_meta_keys(key) {
    case NFT_META_L4PROTO where value.count == 1 && mask == nil:
      return add(ProtocolMatch(number: value.byte, inverted: inverted))
    case NFT_META_IIFNAME where mask == nil:
      guard let match = interface(value.bytes, inverted) else { return false }
      return add(.inputInterface(match), as: .inputInterface)
    case NFT_META_OIFNAME where mask == nil:
      guard let match = interface(value.bytes, inverted) else { return false }
      return add(.outputInterface(match), as: .outputInterface)
    case NFT_META_MARK where value.count == 4:
      add(
        .mark(
          MarkMatch(value: value.hostWord, mask: mask?.hostWord ?? .max, inverted: inverted)))
      return true
    default: return false
    }
  }

  /// A name ends with a zero, a prefix doesn't. Nil where other bytes follow a zero.
  private func interface(_ bytes: [UInt8], _ inverted: Bool) -> InterfaceMatch? {
    let name = bytes.prefix { $0 != 0 }
    guard bytes[name.endIndex...].allSatisfy({ $0 == 0 }) else { return nil }
    if !inverted, bytes == Self.impossibleInterface {
      return InterfaceMatch(name: ByteString(bytes: []), isPrefix: true, inverted: true)
    }
    return InterfaceMatch(
      name: ByteString(bytes: Array(name)), isPrefix: name.count == bytes.count,
      inverted: inverted)
  }

  /// How iptables stores `! -i +`.
  private static let impossibleInterface = Array("INVAL/D\0".utf8)

  /// Which bits of the two bytes that also hold the fragment flags are the offset: `IP_OFFMASK`.
  private static let fragmentOffset: UInt16 = 0x1fff
}

private import CIPTables
internal import Netfilter

/// Decodes a rule from the form in which the kernel and libiptc hold it.
///
/// Never fails: a match or target that is unknown, or whose size isn't what its revision has, is kept
/// as ``Unrecognised``.
struct RuleDecoder {
  let layout: EntryLayout

  init(_ family: IPFamily) { layout = EntryLayout(family) }

  /// The rule in `entry`: at most as many bytes as it says itself.
  ///
  /// - Parameter targetName: libiptc's name of the target: a chain's, for a jump; empty for a rule
  ///   that has none.
  func rule(_ entry: KernelBytes, targetName: [UInt8]) -> DecodedRule {
    let target = Int(entry.load(UInt16.self, at: layout.targetOffset) ?? 0)
    var matches = selectors(entry)
    var offset = layout.elements
    while let size = entry.load(UInt16.self, at: offset).map(Int.init),
      size >= EntryLayout.extensionHeaderSize, offset + size <= target,
      let match = entry.slice(at: offset, count: size)
    {
      matches.append(extensionMatch(match))
      offset += size
    }
    let isGoto = entry.load(UInt8.self, at: flagsOffset).map { $0 & gotoFlag != 0 } ?? false
    let rest = entry.slice(at: target, count: max(0, entry.count - target))
    return DecodedRule(
      matches: matches, target: self.target(rest, name: targetName, isGoto: isGoto))
  }

  /// The match in `bytes`: a header with size, name and revision, and the extension's own struct.
  private func extensionMatch(_ bytes: KernelBytes) -> Match {
    let header = ExtensionHeader(bytes)
    return MatchDecoder(family: layout.family)
      .match(header.name, revision: header.revision, payload: header.payload)
  }

  /// The target in `bytes`, which has the same header.
  ///
  /// A standard target has no name in the header; libiptc's `name` tells a verdict from a chain.
  private func target(_ bytes: KernelBytes?, name: [UInt8], isGoto: Bool) -> Target {
    let header = bytes.map(ExtensionHeader.init)
    if let header, !header.name.isEmpty {
      return TargetDecoder(family: layout.family)
        .target(header.name, revision: header.revision, payload: header.payload)
    }
    if name.isEmpty { return .none }
    if let verdict = Verdict(name: String(decoding: name, as: UTF8.self)) {
      return .verdict(verdict)
    }
    guard let chain = ChainName(name) else {
      return .unrecognised(
        Unrecognised(
          name: String(decoding: name, as: UTF8.self), revision: header?.revision ?? 0,
          payload: header?.payload?.array ?? []))
    }
    return isGoto ? .goto(chain) : .jump(chain)
  }

  private var flagsOffset: Int {
    switch layout.family {
    case .ipv4: MemoryLayout<ipt_ip>.offset(of: \.flags) ?? 0
    case .ipv6: MemoryLayout<ip6t_ip6>.offset(of: \.flags) ?? 0
    }
  }

  private var gotoFlag: UInt8 {
    layout.family == .ipv4 ? UInt8(IPT_F_GOTO) : UInt8(IP6T_F_GOTO)
  }

  private func selectors(_ entry: KernelBytes) -> [Match] {
    switch layout.family {
    case .ipv4: entry.load(ipt_ip.self).map(selectors) ?? []
    case .ipv6: entry.load(ip6t_ip6.self).map(selectors) ?? []
    }
  }

  private func selectors(_ entry: ipt_ip) -> [Match] {
    let inverted = Int32(entry.invflags)
    var matches: [Match] = []
    if let source = address(
      IPAddress(ipv4: UInt32(bigEndian: entry.src.s_addr)),
      IPAddress(ipv4: UInt32(bigEndian: entry.smsk.s_addr)), inverted & IPT_INV_SRCIP != 0)
    {
      matches.append(.source(source))
    }
    if let destination = address(
      IPAddress(ipv4: UInt32(bigEndian: entry.dst.s_addr)),
      IPAddress(ipv4: UInt32(bigEndian: entry.dmsk.s_addr)), inverted & IPT_INV_DSTIP != 0)
    {
      matches.append(.destination(destination))
    }
    appendInterfaces(
      bytes(of: entry.iniface), bytes(of: entry.iniface_mask), bytes(of: entry.outiface),
      bytes(of: entry.outiface_mask), inverted, to: &matches)
    if let match = protocolMatch(entry.proto, inverted & XT_INV_PROTO != 0) {
      matches.append(.protocol(match))
    }
    if Int32(entry.flags) & IPT_F_FRAG != 0 {
      matches.append(.fragment(inverted: inverted & IPT_INV_FRAG != 0))
    }
    return matches
  }

  private func selectors(_ entry: ip6t_ip6) -> [Match] {
    let inverted = Int32(entry.invflags)
    var matches: [Match] = []
    if let source = address(
      IPAddress(entry.src), IPAddress(entry.smsk), inverted & IP6T_INV_SRCIP != 0)
    {
      matches.append(.source(source))
    }
    if let destination = address(
      IPAddress(entry.dst), IPAddress(entry.dmsk), inverted & IP6T_INV_DSTIP != 0)
    {
      matches.append(.destination(destination))
    }
    appendInterfaces(
      bytes(of: entry.iniface), bytes(of: entry.iniface_mask), bytes(of: entry.outiface),
      bytes(of: entry.outiface_mask), inverted, to: &matches)
    if Int32(entry.flags) & IP6T_F_PROTO != 0,
      let match = protocolMatch(entry.proto, inverted & XT_INV_PROTO != 0)
    {
      matches.append(.protocol(match))
    }
    return matches
  }

  private func protocolMatch(_ number: UInt16, _ inverted: Bool) -> ProtocolMatch? {
    if number == 0, !inverted { return nil }
    return ProtocolMatch(number: UInt8(truncatingIfNeeded: number), inverted: inverted)
  }

  private func address(
    _ address: IPAddress, _ mask: IPAddress, _ inverted: Bool
  ) -> AddressMatch? {
    if mask.isZero, !inverted { return nil }
    return AddressMatch(address: address, mask: mask, inverted: inverted)
  }

  private func appendInterfaces(
    _ input: [UInt8], _ inputMask: [UInt8], _ output: [UInt8], _ outputMask: [UInt8],
    _ inverted: Int32, to matches: inout [Match]
  ) {
    // The bits are the same in both families.
    if let match = interface(input, inputMask, inverted & IPT_INV_VIA_IN != 0) {
      matches.append(.inputInterface(match))
    }
    if let match = interface(output, outputMask, inverted & IPT_INV_VIA_OUT != 0) {
      matches.append(.outputInterface(match))
    }
  }

  /// A full name's mask covers its zero too, a prefix' mask only the prefix.
  private func interface(_ name: [UInt8], _ mask: [UInt8], _ inverted: Bool) -> InterfaceMatch? {
    let covered = mask.prefix { $0 != 0 }.count
    if covered == 0, !inverted { return nil }
    let text = Array(name.prefix(covered).prefix { $0 != 0 })
    return InterfaceMatch(
      name: ByteString(bytes: text), isPrefix: covered <= text.count, inverted: inverted)
  }

  private func bytes<Field>(of field: Field) -> [UInt8] {
    unsafe withUnsafeBytes(of: field) { unsafe Array($0) }
  }
}

/// What a match or target begins with, and what follows. C counterpart: `struct xt_entry_match`.
private struct ExtensionHeader {
  let name: String
  let revision: UInt8
  let payload: KernelBytes?

  init(_ bytes: KernelBytes) {
    let size = EntryLayout.extensionHeaderSize
    name = bytes.slice(at: 2, count: EntryLayout.extensionNameSize)?.string ?? ""
    revision = bytes.load(UInt8.self, at: size - 1) ?? 0
    payload = bytes.slice(at: size, count: bytes.count - size)
  }
}

extension IPAddress {
  /// C counterpart: `struct in6_addr`.
  fileprivate init(_ address: in6_addr) {
    let words = unsafe withUnsafeBytes(of: address) { bytes in
      (
        unsafe UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    self.init(ipv6High: words.0, low: words.1)
  }
}

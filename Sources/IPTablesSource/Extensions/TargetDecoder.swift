private import CIPTables
internal import Netfilter

/// Decodes target extensions, whose structs are the same in both backends.
struct TargetDecoder {
  let family: IPFamily

  /// The target of that name and revision whose struct is `payload`.
  func target(_ name: String, revision: UInt8, payload: KernelBytes?) -> Target {
    if let payload, let target = known(name, revision, payload) { return target }
    return .unrecognised(
      Unrecognised(name: name, revision: revision, payload: payload?.array ?? []))
  }

  private func known(_ name: String, _ revision: UInt8, _ bytes: KernelBytes) -> Target? {
    switch name {
    case "DNAT": translation(bytes, revision).map { .destinationNAT($0) }
    case "SNAT": translation(bytes, revision).map { .sourceNAT($0) }
    case "MASQUERADE": translation(bytes, revision).map { .masquerade($0) }
    case "REDIRECT": translation(bytes, revision).map { .redirect($0) }
    case "MARK" where revision == 2:
      bytes.load(xt_mark_tginfo2.self).map { .mark(value: $0.mark, mask: $0.mask) }
    case "REJECT": bytes.load(UInt32.self).map { .reject(with: $0) }
    default: nil
    }
  }

  /// IPv4 has an old struct in revisions 0 and 1 of its targets; revision 2 of DNAT, and all of IPv6,
  /// the common ones, of which the shorter is the longer's beginning.
  private func translation(_ bytes: KernelBytes, _ revision: UInt8) -> AddressTranslation? {
    if family == .ipv4, revision < 2 { return translationIPv4(bytes) }
    return translationCommon(bytes)
  }

  private func translationIPv4(_ bytes: KernelBytes) -> AddressTranslation? {
    guard let info = bytes.load(nf_nat_ipv4_multi_range_compat.self), info.rangesize == 1
    else { return nil }
    let range = info.range
    return AddressTranslation(
      flags: range.flags, first: IPAddress(ipv4: UInt32(bigEndian: range.min_ip)),
      last: IPAddress(ipv4: UInt32(bigEndian: range.max_ip)),
      firstPort: unsafe UInt16(bigEndian: range.min.all),
      lastPort: unsafe UInt16(bigEndian: range.max.all)
    ).normalised
  }

  private func translationCommon(_ bytes: KernelBytes) -> AddressTranslation? {
    guard let flags: UInt32 = bytes.load(),
      let first = address(bytes, MemoryLayout<nf_nat_range>.offset(of: \.min_addr)),
      let last = address(bytes, MemoryLayout<nf_nat_range>.offset(of: \.max_addr)),
      let firstPort = port(bytes, MemoryLayout<nf_nat_range>.offset(of: \.min_proto)),
      let lastPort = port(bytes, MemoryLayout<nf_nat_range>.offset(of: \.max_proto))
    else { return nil }
    let base = port(bytes, MemoryLayout<nf_nat_range2>.offset(of: \.base_proto))
    return AddressTranslation(
      flags: flags, first: first, last: last, firstPort: firstPort, lastPort: lastPort,
      basePort: base ?? 0
    ).normalised
  }

  private func address(_ bytes: KernelBytes, _ offset: Int?) -> IPAddress? {
    offset.flatMap { bytes.address(family, at: $0) }
  }

  private func port(_ bytes: KernelBytes, _ offset: Int?) -> UInt16? {
    offset.flatMap { bytes.loadBigEndian(UInt16.self, at: $0) }
  }
}

extension AddressTranslation {
  /// Without what stands in fields that the flags say are not in use.
  fileprivate var normalised: AddressTranslation {
    var range = self
    let none =
      first.family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6High: 0, low: 0)
    if !hasAddress {
      range.first = none
      range.last = none
    }
    if !hasPort {
      range.firstPort = 0
      range.lastPort = 0
    }
    if flags & UInt32(NF_NAT_RANGE_PROTO_OFFSET) == 0 { range.basePort = 0 }
    return range
  }
}

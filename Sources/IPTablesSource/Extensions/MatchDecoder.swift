private import CIPTables
internal import Netfilter

/// Decodes match extensions, whose structs are the same in both backends.
struct MatchDecoder {
  let family: IPFamily

  /// The match of that name and revision whose struct is `payload`.
  func match(_ name: String, revision: UInt8, payload: KernelBytes?) -> Match {
    if let payload, let match = known(name, revision, payload) { return match }
    return .unrecognised(
      Unrecognised(name: name, revision: revision, payload: payload?.array ?? []))
  }

  /// The match where its name and revision are known and its struct is complete.
  private func known(_ name: String, _ revision: UInt8, _ bytes: KernelBytes) -> Match? {
    switch (name, revision) {
    case ("addrtype", 0), ("addrtype", 1): addressType(bytes, revision)
    case ("comment", 0): comment(bytes)
    case ("conntrack", 1...3), ("state", 1...3): connectionTracking(bytes, revision)
    case ("limit", 0): limit(bytes)
    case ("mark", 1): mark(bytes)
    case ("multiport", 0), ("multiport", 1): multiport(bytes, revision)
    case ("nfacct", 0), ("nfacct", 1): accounting(bytes)
    case ("recent", 0), ("recent", 1): recent(bytes, revision)
    case ("sctp", 0): sctp(bytes)
    case ("statistic", 0): statistic(bytes)
    case ("tcp", 0): tcp(bytes)
    case ("udp", 0): udp(bytes)
    default: nil
    }
  }

  private func addressType(_ bytes: KernelBytes, _ revision: UInt8) -> Match? {
    if revision == 1 {
      return bytes.load(xt_addrtype_info_v1.self).map {
        .addressType(
          AddressTypeMatch(
            source: $0.source, destination: $0.dest, flags: UInt8(truncatingIfNeeded: $0.flags)))
      }
    }
    return bytes.load(xt_addrtype_info.self).map {
      .addressType(
        AddressTypeMatch(
          source: $0.source, destination: $0.dest,
          flags: ($0.invert_source != 0 ? 1 : 0) | ($0.invert_dest != 0 ? 2 : 0)))
    }
  }

  private func comment(_ bytes: KernelBytes) -> Match? {
    bytes.text(at: 0, size: bytes.count).map { .comment(ByteString(bytes: $0)) }
  }

  private func limit(_ bytes: KernelBytes) -> Match? {
    unsafe bytes.load(xt_rateinfo.self).map {
      unsafe .limit(LimitMatch(average: $0.avg, burst: $0.burst))
    }
  }

  private func mark(_ bytes: KernelBytes) -> Match? {
    bytes.load(xt_mark_mtinfo1.self).map {
      .mark(MarkMatch(value: $0.mark, mask: $0.mask, inverted: $0.invert != 0))
    }
  }

  private func accounting(_ bytes: KernelBytes) -> Match? {
    // `struct xt_nfacct_match_info`: a name of 32 bytes, then the kernel's own pointer.
    bytes.text(at: 0, size: 32).map { .accounting(objectName: ByteString(bytes: $0)) }
  }

  private func multiport(_ bytes: KernelBytes, _ revision: UInt8) -> Match? {
    let size = revision == 1 ? MemoryLayout<xt_multiport_v1>.size : MemoryLayout<xt_multiport>.size
    guard bytes.count >= size, let flags = bytes.load(UInt8.self),
      let side = MultiportMatch.Side(rawValue: flags),
      let count = bytes.load(UInt8.self, at: 1), count <= UInt8(XT_MULTI_PORTS)
    else { return nil }
    let rangeFlags = MemoryLayout<xt_multiport_v1>.offset(of: \.pflags) ?? 0
    var ports: [PortRange] = []
    var index = 0
    while index < Int(count) {
      guard let first: UInt16 = bytes.load(at: 2 + 2 * index) else { return nil }
      var last = first
      if revision == 1, bytes.load(UInt8.self, at: rangeFlags + index) ?? 0 != 0 {
        index += 1
        guard let end: UInt16 = bytes.load(at: 2 + 2 * index) else { return nil }
        last = end
      }
      ports.append(PortRange(first: first, last: last))
      index += 1
    }
    let invertOffset = MemoryLayout<xt_multiport_v1>.offset(of: \.invert) ?? 0
    let inverted = revision == 1 && bytes.load(UInt8.self, at: invertOffset) ?? 0 != 0
    return .multiport(MultiportMatch(side: side, ports: ports, inverted: inverted))
  }

  private func recent(_ bytes: KernelBytes, _ revision: UInt8) -> Match? {
    guard let info = bytes.load(xt_recent_mtinfo.self),
      let nameOffset = MemoryLayout<xt_recent_mtinfo>.offset(of: \.name),
      let name = bytes.text(at: nameOffset, size: Int(XT_RECENT_NAME_LEN))
    else { return nil }
    let full = IPAddress(family: family, prefixLength: family == .ipv4 ? 32 : 128)
    let maskOffset = MemoryLayout<xt_recent_mtinfo_v1>.offset(of: \.mask) ?? 0
    guard let mask = revision == 1 ? bytes.address(family, at: maskOffset) : full else {
      return nil
    }
    return .recent(
      RecentMatch(
        name: ByteString(bytes: name), flags: info.check_set, seconds: info.seconds,
        hitCount: info.hit_count, isDestination: info.side == UInt8(XT_RECENT_DEST),
        mask: mask, inverted: info.invert != 0))
  }

  private func statistic(_ bytes: KernelBytes) -> Match? {
    guard let info = unsafe bytes.load(xt_statistic_info.self) else { return nil }
    let inverted = unsafe info.flags & UInt16(XT_STATISTIC_INVERT.rawValue) != 0
    switch unsafe UInt32(info.mode) {
    case XT_STATISTIC_MODE_RANDOM.rawValue:
      let probability = unsafe info.u.random.probability
      return .statistic(
        StatisticMatch(mode: .random(probability: probability), inverted: inverted))
    case XT_STATISTIC_MODE_NTH.rawValue:
      // The kernel counts from 0, iptables' users from 1.
      let mode = unsafe StatisticMatch.Mode.nth(
        every: info.u.nth.every &+ 1, packet: info.u.nth.packet)
      return .statistic(StatisticMatch(mode: mode, inverted: inverted))
    default:
      return nil
    }
  }
}

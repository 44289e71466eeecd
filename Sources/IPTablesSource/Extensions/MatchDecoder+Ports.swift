private import CIPTables
internal import Netfilter

extension MatchDecoder {
  func tcp(_ bytes: KernelBytes) -> Match? {
    guard let info = bytes.load(xt_tcp.self) else { return nil }
    let inverted = Int32(info.invflags)
    return .tcp(
      TCPMatch(
        source: PortRange(
          first: info.spts.0, last: info.spts.1, inverted: inverted & XT_TCP_INV_SRCPT != 0),
        destination: PortRange(
          first: info.dpts.0, last: info.dpts.1, inverted: inverted & XT_TCP_INV_DSTPT != 0),
        option: info.option, optionInverted: inverted & XT_TCP_INV_OPTION != 0,
        flagMask: info.flg_mask, flagsSet: info.flg_cmp,
        flagsInverted: inverted & XT_TCP_INV_FLAGS != 0))
  }

  func udp(_ bytes: KernelBytes) -> Match? {
    guard let info = bytes.load(xt_udp.self) else { return nil }
    let inverted = Int32(info.invflags)
    return .udp(
      UDPMatch(
        source: PortRange(
          first: info.spts.0, last: info.spts.1, inverted: inverted & XT_UDP_INV_SRCPT != 0),
        destination: PortRange(
          first: info.dpts.0, last: info.dpts.1, inverted: inverted & XT_UDP_INV_DSTPT != 0)))
  }

  func sctp(_ bytes: KernelBytes) -> Match? {
    guard let info = bytes.load(xt_sctp_info.self) else { return nil }
    func range(_ ports: (UInt16, UInt16), _ flag: Int32) -> PortRange {
      guard info.flags & UInt32(flag) != 0 else { return .any }
      return PortRange(
        first: ports.0, last: ports.1, inverted: info.invflags & UInt32(flag) != 0)
    }
    // With chunk types it is kept as it is.
    guard info.flags & UInt32(XT_SCTP_CHUNK_TYPES) == 0 else { return nil }
    return .sctp(
      SCTPMatch(
        source: range(info.spts, XT_SCTP_SRC_PORTS),
        destination: range(info.dpts, XT_SCTP_DEST_PORTS)))
  }

  func connectionTracking(_ bytes: KernelBytes, _ revision: UInt8) -> Match? {
    revision == 1 ? connectionTrackingRevision1(bytes) : connectionTrackingRevision3(bytes)
  }

  /// Revision 2 is revision 3 without the upper ports at the end; its states are as wide.
  private func connectionTrackingRevision3(_ bytes: KernelBytes) -> Match? {
    guard let info = bytes.load(xt_conntrack_mtinfo2.self) else { return nil }
    var match = ConnectionTrackingMatch(
      matchFlags: info.match_flags, invertFlags: info.invert_flags, states: info.state_mask,
      statuses: info.status_mask)
    if match.comparesOthers {
      guard let flags = MemoryLayout<xt_conntrack_mtinfo2>.offset(of: \.match_flags) else {
        return nil
      }
      var others = bytes.array
      // These four are fields of their own.
      for index in flags..<min(flags + 8, others.count) { others[index] = 0 }
      match.others = others
    }
    return .connectionTracking(match)
  }

  private func connectionTrackingRevision1(_ bytes: KernelBytes) -> Match? {
    guard let info = bytes.load(xt_conntrack_mtinfo1.self) else { return nil }
    let match = ConnectionTrackingMatch(
      matchFlags: info.match_flags, invertFlags: info.invert_flags,
      states: UInt16(info.state_mask), statuses: UInt16(info.status_mask))
    return match.comparesOthers ? nil : .connectionTracking(match)
  }
}

extension ConnectionTrackingMatch {
  /// Whether anything but state and status is compared, the direction aside, which has no field.
  fileprivate var comparesOthers: Bool {
    let withoutField =
      XT_CONNTRACK_STATE | XT_CONNTRACK_STATUS | XT_CONNTRACK_DIRECTION
      | XT_CONNTRACK_STATE_ALIAS
    return Int(matchFlags) & ~withoutField != 0
  }
}

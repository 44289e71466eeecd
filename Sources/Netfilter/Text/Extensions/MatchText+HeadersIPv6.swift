/// Matches of headers that only IPv6 has.
extension MatchText {
  /// `eui64` has a struct, and nothing in it.
  static let interfaceIdentifier = MatchText(size: 4) { _, _ in }

  /// `struct ip6t_ipv6header_info`.
  static let extensionHeaders = MatchText(
    size: 3, where: { $0.byte(at: 0) != 0 }
  ) { info, line in
    line.option("--header", info.byte(at: 0).names(headers), inverted: info.byte(at: 1) != 0)
    if info.byte(at: 2) != 0 { line.option("--soft") }
  }

  private static let headers: [(bit: UInt8, name: String)] = [
    (128, "hop-by-hop"), (64, "ipv6-opts"), (32, "ipv6-route"), (16, "ipv6-frag"), (8, "ah"),
    (4, "esp"), (2, "ipv6-nonxt"), (1, "protocol"),
  ]

  /// `struct ip6t_mh`. All types aren't written, even where they are inverted.
  static let mobilityHeader = MatchText(size: 3) { info, line in
    let (first, last) = (info.byte(at: 0), info.byte(at: 1))
    if first != 0 || last != .max {
      line.range("--mh-type", first, last, inverted: info.has(1, at: 2))
    }
  }

  /// `struct ip6t_srh`.
  static let segmentRouting = MatchText(size: 10) { info, line in
    writeSegments(info, flags: info.integer(at: 6), inverted: info.integer(at: 8), to: &line)
  }

  /// `struct ip6t_srh1`: addresses of three segments, and then their masks.
  static let segmentRoutingPath = MatchText(
    size: 108,
    where: { info in
      [56, 72, 88].allSatisfy { info.address(.ipv6, at: $0).prefixLength != nil }
    }
  ) { info, line in
    let (flags, inverted): (UInt16, UInt16) = (info.integer(at: 104), info.integer(at: 106))
    writeSegments(info, flags: flags, inverted: inverted, to: &line)
    for (index, option) in ["--srh-psid", "--srh-nsid", "--srh-lsid"].enumerated() {
      let bit = UInt16(0x800) << UInt16(index)
      guard flags & bit != 0 else { continue }
      let address = info.address(.ipv6, at: 8 + 16 * index).numericText
      let mask = info.address(.ipv6, at: 56 + 16 * index).maskText
      line.option(option, "\(address)/\(mask)", inverted: inverted & bit != 0)
    }
  }

  private static func writeSegments(
    _ info: StructReader, flags: UInt16, inverted: UInt16, to line: inout RuleLine
  ) {
    for (index, field) in segmentFields.enumerated() {
      let bit = UInt16(1) << UInt16(index)
      guard flags & bit != 0 else { continue }
      line.option(field.option, "\(info.byte(at: field.offset))", inverted: inverted & bit != 0)
    }
    let tagBit = UInt16(1) << UInt16(segmentFields.count)
    if flags & tagBit != 0 {
      let tag: UInt16 = info.integer(at: 4)
      line.option("--srh-tag", "\(tag)", inverted: inverted & tagBit != 0)
    }
  }

  /// In the order of their flags, of which the tag's follows.
  private static let segmentFields: [(option: String, offset: Int)] = [
    ("--srh-next-hdr", 0), ("--srh-hdr-len-eq", 1), ("--srh-hdr-len-gt", 1),
    ("--srh-hdr-len-lt", 1), ("--srh-segs-left-eq", 2), ("--srh-segs-left-gt", 2),
    ("--srh-segs-left-lt", 2), ("--srh-last-entry-eq", 3), ("--srh-last-entry-gt", 3),
    ("--srh-last-entry-lt", 3),
  ]
}

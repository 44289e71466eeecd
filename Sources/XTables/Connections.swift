internal import Netfilter

extension Extension {
  /// Matches of connections and of the sockets at their ends.
  static var connections: [Extension] {
    [
      // A bit says that it was written as `-m state`.
      Extension("conntrack", 1...1, size: 152, options: tracking(isWide: false, hasRanges: false))
        .named("state", bit: 0x20, at: 147),
      Extension("conntrack", 2...2, size: 156, options: tracking(isWide: true, hasRanges: false))
        .named("state", bit: 0x20, at: 147),
      Extension("conntrack", 3...3, size: 164, options: tracking(isWide: true, hasRanges: true))
        .named("state", bit: 0x20, at: 147),
      Extension("state", size: 4) { info, line in
        if !(1...15 ~= info.u32(0)) { line.fail() }
        line.option("--state")
        line.word(bits: info.u32(0), OptionNames.connectionStates)
      },
      Extension("connlimit", 1...1, size: 32) { info, line in
        guard let length = info.address(line.family, 0).prefixLength else { return line.fail() }
        line.option(
          info.has(1, at: 20) ? "--connlimit-upto" : "--connlimit-above", number: info.u32(16))
        line.option("--connlimit-mask", number: UInt64(length))
        line.option(info.has(2, at: 20) ? "--connlimit-daddr" : "--connlimit-saddr")
      },
      // `struct xt_connbytes_info`: inverted where the ends of the range are the other way round.
      Extension("connbytes", size: 24) { info, line in
        let (first, last) = (min(info.u64(0), info.u64(8)), max(info.u64(0), info.u64(8)))
        line.option("--connbytes", inverted: info.u64(0) > info.u64(8))
        line.word(number: first)
        if last != 0, last != .max {
          line.append(":")
          line.append(number: last)
        }
        line.option("--connbytes-mode")
        line.word(name: info.u8(16), [0: "packets", 1: "bytes", 2: "avgpkt"])
        line.option("--connbytes-dir")
        line.word(name: info.u8(17), [0: "original", 1: "reply", 2: "both"])
      },
      // The bit stands for itself: its name is in a file of the node.
      Extension(
        "connlabel", size: 4,
        Option(
          "--label",
          Value { info, line in
            line.append(" \"")
            line.append(number: info.u16(0))
            line.append("\"")
          }, not: .bit(1, at: 2)),
        Option("--set", bit: 2, at: 2)),
      Extension(
        "helper", size: 36, Option("--helper", .quoted(4, size: 30), not: .nonzero(.u32(0)))),
      Extension(
        "owner", 1...1, size: 20,
        Option("--socket-exists", bit: 4, at: 16, inverted: 17),
        Option(
          "--uid-owner", .range(.u32(0), .u32(4), separator: "-"), bit: 1, at: 16, inverted: 17),
        Option(
          "--gid-owner", .range(.u32(8), .u32(12), separator: "-"), bit: 2, at: 16, inverted: 17),
        Option("--suppl-groups", bit: 8, at: 16, inverted: 17)),
      // `struct xt_socket_mtinfo3`, and those before it, which have fewer flags.
      Extension(
        "socket", 1...3, size: 1,
        Option("--transparent", bit: 1, at: 0),
        Option("--nowildcard", bit: 2, at: 0),
        Option("--restore-skmark", bit: 4, at: 0)),
      Extension("cgroup", size: 8, Option("--cgroup", .number(.u32(0)), not: .nonzero(.u32(4)))),
      // `struct xt_cgroup_info_v1` has a path and a number, of which the second revision has one.
      Extension(
        "cgroup", 1...1, size: 4112, options: controlGroup(pathSize: 4096, number: .u32(4100))),
      Extension("cgroup", 2...2, size: 528, options: controlGroup(pathSize: 512, number: .u32(4))),
      Extension(
        "ipvs", size: 40,
        // The others say that the packet is of a virtual server.
        Option("--ipvs", if: .equals(.u8(39), 1), not: .bit(1, at: 38)),
        Option("--vproto", .number(.u8(34)), bit: 2, at: 39, inverted: 38),
        Option("--vaddr", .network(0, mask: 16), bit: 4, at: 39, inverted: 38),
        Option("--vport", .number(.be16(32)), bit: 8, at: 39, inverted: 38),
        Option("--vdir", .direction(16, at: 38), bit: 16, at: 39),
        Option(
          "--vmethod", .name(.u8(35), [0: "MASQ", 2: "IPIP", 3: "GATE"]), bit: 32, at: 39,
          inverted: 38),
        Option("--vportctl", .number(.be16(36)), bit: 64, at: 39, inverted: 38)),
    ]
  }

  /// `struct xt_conntrack_mtinfo1` to `xt_conntrack_mtinfo3`. The fields are addresses, the time that is left,
  /// protocol, ports, two bytes of flags for what is given and two for what is inverted, states, statuses,
  /// and upper ports.
  ///
  /// - Parameters:
  ///   - isWide: Whether states and statuses have two bytes each.
  ///   - hasRanges: Whether there are upper ports. All ports are then in the machine's order.
  private static func tracking(isWide: Bool, hasRanges: Bool) -> [Option] {
    func option(_ name: StaticString, _ bit: UInt8, _ byte: Int, _ value: Value) -> Option {
      Option(name, value, if: .bit(bit, at: 146 + byte), not: .bit(bit, at: 148 + byte))
    }
    let (states, statuses): (Number, Number) =
      isWide ? (.u16(150), .u16(152)) : (.u8(150), .u8(151))
    func ports(_ first: Int) -> Value {
      hasRanges ? .range(.u16(first), .u16(first + 16)) : .number(.be16(first))
    }
    let state = Option(if: .bit(1, at: 146)) { info, line in
      let name: StaticString = info.has(0x20, at: 147) ? "--state" : "--ctstate"
      line.option(name, inverted: info.has(1, at: 148))
      line.word(bits: states.value(info), OptionNames.connectionStates)
    }
    return [
      state,
      option("--ctproto", 2, 0, .number(.u16(136))),
      option("--ctorigsrc", 4, 0, .network(0, mask: 16)),
      option("--ctorigdst", 8, 0, .network(32, mask: 48)),
      option("--ctreplsrc", 16, 0, .network(64, mask: 80)),
      option("--ctrepldst", 32, 0, .network(96, mask: 112)),
      option("--ctorigsrcport", 1, 1, ports(138)),
      option("--ctorigdstport", 2, 1, ports(140)),
      option("--ctreplsrcport", 4, 1, ports(142)),
      option("--ctrepldstport", 8, 1, ports(144)),
      option("--ctstatus", 64, 0, .bits(statuses, OptionNames.connectionStatuses, none: "NONE")),
      option("--ctexpire", 128, 0, .range(.u32(128), .u32(132))),
      Option("--ctdir", .direction(16, at: 149), bit: 16, at: 147),
    ]
  }

  private static func controlGroup(pathSize: Int, number: Number) -> [Option] {
    [
      Option("--path", .quoted(4, size: pathSize), if: .nonzero(.u8(0)), not: .nonzero(.u8(2))),
      Option("--cgroup", .number(number), if: .nonzero(.u8(1)), not: .nonzero(.u8(3))),
    ]
  }
}

extension Value {
  /// The direction of a connection's packets, which a bit tells.
  fileprivate static func direction(_ bit: UInt8, at offset: Int) -> Value {
    Value { info, line in line.word(info.has(bit, at: offset) ? "REPLY" : "ORIGINAL") }
  }
}

extension Extension {
  /// Targets that concern the packet's connection.
  static var connectionTargets: [Extension] {
    [
      Extension("CT", size: 40, tracking(hasTimeout: false)),
      Extension("CT", 1...1, size: 72, tracking(hasTimeout: true)),
      Extension("CT", 2...2, size: 72, tracking(hasTimeout: true))
        .named("NOTRACK", bit: 2, at: 0),
      Extension(
        "SYNPROXY", size: 4,
        Option("--sack-perm", bit: 4, at: 0),
        Option("--timestamp", bit: 8, at: 0),
        Option("--wscale", .number(.u8(1)), bit: 2, at: 0),
        Option("--mss", .number(.u16(2)), bit: 1, at: 0),
        Option("--ecn", bit: 16, at: 0)),
    ]
  }

  /// `struct xt_ct_target_info`, and `xt_ct_target_info_v1`, which has a timeout's name.
  private static func tracking(hasTimeout: Bool) -> Writer {
    let options = [
      Option("--notrack", bit: 1, at: 0),
      Option("--helper", .text(12, size: 16), if: .nonzero(.u8(12))),
      Option("--timeout", .text(28, size: 32), if: hasTimeout ? .nonzero(.u8(28)) : .never),
      Option("--ctevents", .bits(.u32(4), trackingEvents), if: .nonzero(.u32(4))),
      Option("--expevents", .bits(.u32(8), [1: "new"]), if: .nonzero(.u32(8))),
      Option(if: .nonzeroOrBit(.u16(2), 16, at: 0), writeZone),
    ]
    return { info, line in
      // `XT_CT_NOTRACK_ALIAS`: the name says it all.
      if info.has(2, at: 0) { return }
      for option in options { option.write(info, to: &line) }
    }
  }

  /// C counterpart: `ct_print_zone_id` of libxt_CT.
  private static func writeZone(_ info: Span<UInt8>, to line: inout LineWriter) {
    switch info.byte(0) & 12 {
    case 4: line.option("--zone-orig")
    case 8: line.option("--zone-reply")
    default: line.option("--zone")
    }
    if info.has(16, at: 0) { line.word("mark") } else { line.word(number: info.u16(2)) }
  }

  /// C counterpart: `enum ip_conntrack_events`.
  private static let trackingEvents: Names = [
    1 << 0: "new", 1 << 1: "related", 1 << 2: "destroy", 1 << 3: "reply", 1 << 4: "assured",
    1 << 5: "protoinfo", 1 << 6: "helper", 1 << 7: "mark", 1 << 8: "natseqinfo", 1 << 9: "secmark",
  ]
}

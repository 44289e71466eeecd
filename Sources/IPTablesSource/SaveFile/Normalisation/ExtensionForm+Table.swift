internal import Netfilter
internal import XTables

extension ExtensionForm {
  /// The match of that name; nil where its options aren't known.
  static func match(_ name: String, _ family: IPFamily) -> ExtensionForm? {
    switch name {
    case "addrtype": addressType
    case "comment": comment
    case "conntrack": connectionTracking
    case "limit": limit
    case "mark": mark
    case "multiport": multiport
    case "nfacct": accounting
    case "recent": family == .ipv4 ? recentIPv4 : recentIPv6
    case "sctp": sctp
    case "state": state
    case "statistic": statistic
    case "tcp": tcp
    case "udp": udp
    default: nil
    }
  }

  private static let addressType = ExtensionForm(
    .option("--src-type", is: addressTypes, isInvertible: true),
    .option("--dst-type", is: addressTypes, isInvertible: true),
    .flag("--limit-iface-in"), .flag("--limit-iface-out"))

  private static let addressTypes = OptionValue.list(OptionNames.addressTypes)

  private static let comment = ExtensionForm(.option("--comment", is: .quoted))

  private static let connectionTracking = ExtensionForm(
    .option("--ctstate", is: .list(OptionNames.connectionStates), isInvertible: true),
    .option("--ctproto", is: .protocolNumber, isInvertible: true),
    .option("--ctorigsrc", is: .network, isInvertible: true),
    .option("--ctorigdst", is: .network, isInvertible: true),
    .option("--ctreplsrc", is: .network, isInvertible: true),
    .option("--ctrepldst", is: .network, isInvertible: true),
    .option("--ctorigsrcport", is: .ports, isInvertible: true),
    .option("--ctorigdstport", is: .ports, isInvertible: true),
    .option("--ctreplsrcport", is: .ports, isInvertible: true),
    .option("--ctrepldstport", is: .ports, isInvertible: true),
    .option(
      "--ctstatus", is: .list(OptionNames.connectionStatuses, none: "NONE"), isInvertible: true),
    .option("--ctexpire", is: .numberRange, isInvertible: true),
    .option("--ctdir", is: .name(["original": "ORIGINAL", "reply": "REPLY"])))

  /// `-m state`, which is conntrack's by another name, and stays so.
  private static let state = ExtensionForm(
    .option("--state", is: .list(OptionNames.connectionStates.dropLast(2)), isInvertible: true))

  private static let limit = ExtensionForm(
    .option("--limit", is: .rate, ifAbsent: " --limit 3/hour"),
    .option("--limit-burst", is: .number(), omitted: "5"))

  private static let mark = ExtensionForm(
    .option(
      "--mark",
      is: .mark { value, mask, line in
        if let mask, mask != .max {
          line.word(mark: UInt64(value), mask: UInt64(mask))
        } else {
          line.word(hexadecimal: UInt64(value))
        }
        return true
      }, isInvertible: true))

  private static let multiport = ExtensionForm(
    OptionForm(
      spellings: [
        .init("--sports", .portList), .init("--source-ports", as: "--sports", .portList),
        .init("--dports", .portList), .init("--destination-ports", as: "--dports", .portList),
        .init("--ports", .portList),
      ], isInvertible: true))

  // libxt_nfacct puts a blank of its own before that of the word.
  private static let accounting = ExtensionForm(
    OptionForm(spellings: [.init("--nfacct-name", as: "--nfacct-name ", .quoted)]))

  private static let recentIPv4 = recent(mask: "255.255.255.255")
  private static let recentIPv6 = recent(mask: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")

  private static func recent(mask: String) -> ExtensionForm {
    ExtensionForm(
      .flag("--set", "--rcheck", "--update", "--remove", isInvertible: true),
      .option("--seconds", is: .signed, omitted: "0"),
      .flag("--reap"),
      .option("--hitcount", is: .signed, omitted: "0"),
      .flag("--rttl"),
      .option("--name", is: .bytes, ifAbsent: " --name DEFAULT"),
      .option("--mask", is: .address, ifAbsent: " --mask \(mask)"),
      .flag("--rsource", "--rdest", ifAbsent: " --rsource"))
  }

  private static let sctp = ExtensionForm(
    .option("--sport", "--source-port", is: .ports, isInvertible: true),
    .option("--dport", "--destination-port", is: .ports, isInvertible: true))

  private static let statistic = ExtensionForm(
    oneOf: [
      .option("--mode", is: .name(["random": "random"]), ifAbsent: nil),
      .option("--probability", is: .probability, isInvertible: true, ifAbsent: nil),
    ],
    [
      .option("--mode", is: .name(["nth": "nth"]), ifAbsent: nil),
      .option("--every", is: .number(from: 1), isInvertible: true, ifAbsent: nil),
      .option("--packet", is: .number(), ifAbsent: " --packet 0"),
    ])

  private static let tcp = ExtensionForm(
    ports("--sport", "--source-port"), ports("--dport", "--destination-port"),
    .option("--tcp-option", is: .number(to: 255), isInvertible: true, omitted: "0"),
    OptionForm(
      spellings: [
        .init("--tcp-flags", .flags),
        .init("--syn", as: "--tcp-flags", .constant(" FIN,SYN,RST,ACK SYN")),
      ], isInvertible: true, omitted: "NONE"))

  private static let udp = ExtensionForm(
    ports("--sport", "--source-port"), ports("--dport", "--destination-port"))

  /// iptables-legacy takes a range of all ports for none given, even where it is inverted.
  private static func ports(_ name: String, _ alias: String) -> OptionForm {
    .option(name, alias, is: .ports, isInvertible: true, omitted: "0:65535", omitsInverted: true)
  }
}

extension ExtensionForm {
  /// The target of that name; nil where its options aren't known.
  static func target(_ name: String, _ family: IPFamily) -> ExtensionForm? {
    switch name {
    case "DNAT": destinationNAT
    case "MARK": setMark
    case "MASQUERADE", "REDIRECT": portTranslation
    case "REJECT": family == .ipv4 ? rejectIPv4 : rejectIPv6
    case "SNAT": sourceNAT
    default: nil
    }
  }

  private static let destinationNAT = addressTranslation("--to-destination")
  private static let sourceNAT = addressTranslation("--to-source")

  private static func addressTranslation(_ option: String) -> ExtensionForm {
    ExtensionForm(
      .option(option, is: .translation, ifAbsent: nil),
      .flag("--random"), .flag("--random-fully"), .flag("--persistent"))
  }

  private static let portTranslation = ExtensionForm(
    .option("--to-ports", is: .translatedPorts),
    .flag("--random"), .flag("--random-fully"), .flag("--persistent"))

  /// The kernel computes `mark = (mark & ~mask) ^ value`, whatever the option was.
  private static let setMark = ExtensionForm(
    OptionForm(spellings: [
      mark("--set-xmark") { ($0, $1 ?? .max) },
      mark("--set-mark") { ($0, ($1 ?? .max) | $0) },
      mark("--and-mark") { $1 == nil ? (0, ~$0) : nil },
      mark("--or-mark") { $1 == nil ? ($0, $0) : nil },
      mark("--xor-mark") { $1 == nil ? ($0, 0) : nil },
    ]))

  private static func mark(
    _ name: String,
    _ stored: @escaping @Sendable (UInt32, UInt32?) -> (value: UInt32, mask: UInt32)?
  ) -> OptionForm.Spelling {
    .init(
      name, as: "--set-xmark",
      .mark { value, mask, line in
        guard let mark = stored(value, mask) else { return false }
        line.word(mark: UInt64(mark.value), mask: UInt64(mark.mask))
        return true
      })
  }

  private static let rejectIPv4 = reject(
    .ipv4,
    [
      "net-unreach", "host-unreach", "proto-unreach", "port-unreach", "net-prohib", "host-prohib",
      "tcp-rst", "admin-prohib",
    ], ifAbsent: "icmp-port-unreachable")

  private static let rejectIPv6 = reject(
    .ipv6,
    [
      "no-route", "adm-prohibited", "addr-unreach", "port-unreach", "tcp-reset", "policy-fail",
      "reject-route",
    ], ifAbsent: "icmp6-port-unreachable")

  /// - Parameter others: The other names that the kinds have, in the order of those that are written.
  private static func reject(
    _ family: IPFamily, _ others: [String], ifAbsent kind: String
  ) -> ExtensionForm {
    let written = OptionNames.rejections(family).map(\.value.description)
    let names = Dictionary(zip(written + others, written + written)) { first, _ in first }
    return ExtensionForm(
      .option("--reject-with", is: .name(names), ifAbsent: " --reject-with \(kind)"))
  }
}

internal import Netfilter

extension Target {
  /// The target extension that `text` describes, with the numbers that the kernel would hold; as it
  /// stands where the target, an option or a value is not understood.
  init(_ text: ExtensionText, family: IPFamily) {
    if let known = try? Target.known(text, family) {
      self = known
    } else {
      self = .unrecognised(
        Unrecognised(name: text.name, payload: Array(text.payload), isText: true))
    }
  }

  /// Nil where the target is not known, or an option of it.
  ///
  /// - Throws: ``Malformation`` where the value of a known option is not understood.
  private static func known(
    _ text: ExtensionText, _ family: IPFamily
  ) throws(Malformation) -> Target? {
    switch text.name {
    case "DNAT":
      let range = try AddressTranslation(text.options, addresses: "--to-destination", family)
      return range.map(Target.destinationNAT)
    case "SNAT":
      let range = try AddressTranslation(text.options, addresses: "--to-source", family)
      return range.map(Target.sourceNAT)
    case "MASQUERADE":
      return try AddressTranslation(text.options, ports: "--to-ports", family)
        .map(Target.masquerade)
    case "REDIRECT":
      return try AddressTranslation(text.options, ports: "--to-ports", family)
        .map(Target.redirect)
    case "MARK": return try mark(text.options)
    case "REJECT": return try reject(text.options, family)
    default: return nil
    }
  }

  private static func mark(_ options: [ExtensionOption]) throws(Malformation) -> Target? {
    guard let option = options.first, options.count == 1 else { return nil }
    let (value, mask) = try option.value().markAndMask()
    switch (option.name, mask) {
    case ("--set-xmark", let mask): return .mark(value: value, mask: mask ?? .max)
    case ("--set-mark", let mask): return .mark(value: value, mask: (mask ?? .max) | value)
    case ("--and-mark", nil): return .mark(value: 0, mask: ~value)
    case ("--or-mark", nil): return .mark(value: value, mask: value)
    case ("--xor-mark", nil): return .mark(value: value, mask: 0)
    default: return nil
    }
  }

  private static func reject(
    _ options: [ExtensionOption], _ family: IPFamily
  ) throws(Malformation) -> Target? {
    let kinds = family == .ipv4 ? rejectionsIPv4 : rejectionsIPv6
    var kind = kinds["port-unreach"]
    for option in options {
      guard option.name == "--reject-with" else { return nil }
      kind = kinds[try option.value().text]
    }
    return kind.map { .reject(with: $0) }
  }

  /// C counterpart: `enum ipt_reject_with`.
  private static let rejectionsIPv4: [String: UInt32] = [
    "icmp-net-unreachable": 0, "net-unreach": 0,
    "icmp-host-unreachable": 1, "host-unreach": 1,
    "icmp-proto-unreachable": 2, "proto-unreach": 2,
    "icmp-port-unreachable": 3, "port-unreach": 3,
    "icmp-net-prohibited": 5, "net-prohib": 5,
    "icmp-host-prohibited": 6, "host-prohib": 6,
    "tcp-reset": 7, "tcp-rst": 7,
    "icmp-admin-prohibited": 8, "admin-prohib": 8,
  ]

  /// C counterpart: `enum ip6t_reject_with`.
  private static let rejectionsIPv6: [String: UInt32] = [
    "icmp6-no-route": 0, "no-route": 0,
    "icmp6-adm-prohibited": 1, "adm-prohibited": 1,
    "icmp6-addr-unreachable": 3, "addr-unreach": 3,
    "icmp6-port-unreachable": 4, "port-unreach": 4,
    "tcp-reset": 6,
    "icmp6-policy-fail": 7, "policy-fail": 7,
    "icmp6-reject-route": 8, "reject-route": 8,
  ]
}

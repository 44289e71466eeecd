internal import Netfilter

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
      .option(option, is: .translation, ifAbsent: .error),
      .flag("--random"), .flag("--random-fully"), .flag("--persistent"))
  }

  private static let portTranslation = ExtensionForm(
    .option("--to-ports", is: .translatedPorts),
    .flag("--random"), .flag("--random-fully"), .flag("--persistent"))

  /// The kernel computes `mark = (mark & ~mask) ^ value`, whatever the option was.
  private static let setMark = ExtensionForm(
    OptionForm([
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
    [
      "icmp-net-unreachable": "net-unreach", "icmp-host-unreachable": "host-unreach",
      "icmp-proto-unreachable": "proto-unreach", "icmp-port-unreachable": "port-unreach",
      "icmp-net-prohibited": "net-prohib", "icmp-host-prohibited": "host-prohib",
      "tcp-reset": "tcp-rst", "icmp-admin-prohibited": "admin-prohib",
    ], ifAbsent: "icmp-port-unreachable")

  private static let rejectIPv6 = reject(
    [
      "icmp6-no-route": "no-route", "icmp6-adm-prohibited": "adm-prohibited",
      "icmp6-addr-unreachable": "addr-unreach", "icmp6-port-unreachable": "port-unreach",
      "tcp-reset": "tcp-reset", "icmp6-policy-fail": "policy-fail",
      "icmp6-reject-route": "reject-route",
    ], ifAbsent: "icmp6-port-unreachable")

  /// - Parameter kinds: The kinds as they are written, and the other name that each has.
  private static func reject(_ kinds: [String: String], ifAbsent kind: String) -> ExtensionForm {
    let pairs = kinds.flatMap { written, other in [(written, written), (other, written)] }
    let names = Dictionary(pairs) { first, _ in first }
    return ExtensionForm(
      .option("--reject-with", is: .name(names), ifAbsent: .text("--reject-with \(kind)")))
  }
}

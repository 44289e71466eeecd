/// Words that iptables-nft-save 1.8.9 prints of a rule where iptables-legacy-save prints others. A
/// snapshot has the latter.
struct Spelling {
  let nft: String
  let legacy: String

  static let all: [Spelling] = [
    // A condition that no packet meets: legacy leaves it out.
    Spelling(nft: "! -i +", legacy: ""),
    Spelling(nft: "! -o +", legacy: ""),
  ]

  /// A line of iptables-nft-save as iptables-legacy-save would print it.
  static func canonical(_ line: [UInt8]) -> [UInt8] {
    let words = all.reduce(line) {
      $0.replacing(Array($1.nft.utf8), with: Array($1.legacy.utf8))
    }
    if words == line { return line }
    return Array(words.split(separator: UInt8(ascii: " ")).joined(separator: " ".utf8))
  }
}

/// A line that differs from the expected one, and may.
struct AcceptedDifference {
  let account: String
  let expected: String
  let found: String

  static let all: [AcceptedDifference] =
    nftKeepsLess + [
      // The parser takes both for one.
      AcceptedDifference(account: "saved file", expected: "-j CT", found: "-j NOTRACK")
    ]

  /// Rules of which nf_tables is told less than x_tables, or more: these are other rules.
  private static let nftKeepsLess =
    [
      // No expression stands for a match that has no condition.
      ("-p tcp -m tcp", "-p tcp"),
      ("-p udp -m udp", "-p udp"),
      ("-p tcp -m tcp ! --tcp-flags NONE NONE", "-p tcp"),
      // The log expression has no range, and a longer prefix.
      ("-j NFLOG --nflog-range 1", "-j NFLOG"),
      ("-j NFLOG --nflog-range 7", "-j NFLOG"),
      ("-j NFLOG --nflog-range 4294967295", "-j NFLOG"),
      (prefix(63), prefix(65)),
    ].map { AcceptedDifference(account: "iptables-nft-save", expected: $0, found: $1) }

  private static func prefix(_ length: Int) -> String {
    "-j NFLOG --nflog-prefix " + String(repeating: "x", count: length)
  }

  /// Extensions that no reader of the kernel knows the options of.
  private static let unknownExtensions = ["CLUSTERIP", "LED"]

  static func covers(_ difference: LineDifference) -> Bool {
    let isUnknown = unknownExtensions.contains { name in
      difference.found?.contains(" \(name) [unrecognised, ") ?? false
        && difference.expected?.contains(" \(name) ") ?? false
    }
    return isUnknown
      || all.contains {
        $0.account == difference.account && $0.expected == difference.expected
          && $0.found == difference.found
      }
  }
}

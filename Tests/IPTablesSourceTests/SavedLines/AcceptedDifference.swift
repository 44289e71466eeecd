/// A line that differs from the expected one, and may.
struct AcceptedDifference {
  let account: String
  let expected: String
  let found: String

  static let all: [AcceptedDifference] =
    storedByNFT
    // What iptables-nft-save merges, the reader keeps as two matches, as iptables-legacy-save does.
    + [("kernel", mergedByNFT, twoMatches), ("iptables-nft-save", twoMatches, mergedByNFT)].map {
      AcceptedDifference(account: $0, expected: $1, found: $2)
    }

  /// Rules that iptables-nft writes into the kernel as others. What is read, and what
  /// iptables-nft-save prints, is what the kernel has.
  private static let storedByNFT =
    [
      // No expression stands for a match that has no condition.
      ("-p tcp -m tcp", "-p tcp"),
      ("-p udp -m udp", "-p udp"),
      ("-p tcp -m tcp ! --tcp-flags NONE NONE", "-p tcp"),
      ("-p tcp -m tcp ! --tcp-flags NONE SYN", "-p tcp"),
      // A range that begins with 0 is a comparison with its end.
      ("-p tcp -m tcp ! --dport 0:5", "-p tcp -m tcp --dport 6:65535"),
      ("-p tcp -m tcp ! --dport 0:65534", "-p tcp -m tcp --dport 65535"),
      ("-p udp -m udp ! --dport 0:5", "-p udp -m udp --dport 6:65535"),
      // The log expression has no range, and takes a longer prefix.
      ("-j NFLOG --nflog-range 1", "-j NFLOG"),
      ("-j NFLOG --nflog-range 7", "-j NFLOG"),
      ("-j NFLOG --nflog-range 4294967295", "-j NFLOG"),
      (prefix(63), prefix(64)), (prefix(63), prefix(65)), (prefix(63), prefix(126)),
      (prefix(63), prefix(127)),
    ].map { AcceptedDifference(account: "iptables-nft-save", expected: $0, found: $1) }

  private static let mergedByNFT =
    "-p tcp -m tcp --sport 5 --dport 80 ! --tcp-flags FIN,SYN,RST,ACK SYN"
  private static let twoMatches =
    "-p tcp -m tcp --dport 80 ! --tcp-flags FIN,SYN,RST,ACK SYN -m tcp --sport 5"

  private static func prefix(_ length: Int) -> String {
    "-j NFLOG --nflog-prefix " + String(repeating: "x", count: length)
  }

  /// Extensions of which no reader of the kernel knows the options.
  private static let unknownExtensions = ["CLUSTERIP", "LED"]

  static func covers(_ difference: LineDifference) -> Bool {
    let (expected, found) = (difference.expected ?? "", difference.found ?? "")
    let isUnknown = unknownExtensions.contains {
      expected.contains("-j \($0) ") && found.contains("-j \($0) [unrecognised, ")
    }
    return isUnknown
      || all.contains {
        $0.account == difference.account && $0.expected == expected && $0.found == found
      }
  }
}

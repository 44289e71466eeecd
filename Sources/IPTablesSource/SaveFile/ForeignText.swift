internal import Netfilter

/// Recognises what people take for a saved file and what is none: what other commands print, and texts
/// in another encoding.
enum ForeignText {
  /// Why no line of the text can be understood; nil where it is in an encoding that has ASCII in it.
  ///
  /// PowerShell's `>` writes UTF-16, of which every other byte of ASCII is zero.
  static func encoding(of text: [UInt8]) -> Malformation? {
    let start = Array(text.prefix(2))
    let isMarked = start == [0xff, 0xfe] || start == [0xfe, 0xff]
    let isPaired = start.count == 2 && (start[0] == 0) != (start[1] == 0)
    guard isMarked || isPaired else { return nil }
    return Malformation("this is UTF-16: save with iptables-save, and keep its bytes as they are")
  }

  /// What prints such a line, which stands in no table; nil where that isn't known.
  static func origin(of line: ArraySlice<UInt8>, family: IPFamily) -> Malformation? {
    let words = String(decoding: line.prefix(200), as: UTF8.self).split(separator: " ")
    guard let first = words.first else { return nil }
    let program = family == .ipv4 ? "iptables" : "ip6tables"
    switch first {
    case "-P" where words.count > 2, "-N" where words.count == 2, "-A" where words.count > 1:
      return Malformation(
        "a rule or chain outside of a table, as \(program) -S prints it: "
          + "save with \(program)-save")
    case "Chain" where words.count > 2 && words[2].hasPrefix("("),
      "target" where words.dropFirst().contains("prot"):
      return Malformation("this is what \(program) -L prints: save with \(program)-save")
    case "table" where words.count > 3 && words[3] == "{":
      let isIPv6 = words[1] == "ip6"
      return nft(isIPv6 ? "ip6tables" : "iptables")
    case _ where first.hasPrefix("{\"nftables\""): return nft("iptables")
    default: return nil
    }
  }

  private static func nft(_ program: String) -> Malformation {
    Malformation("this is what nft list ruleset prints: save with \(program)-nft-save")
  }
}

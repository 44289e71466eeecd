internal import Netfilter

/// The family of tables whose header doesn't tell it: IPv6 where one of their rules has an IPv6
/// address, else IPv4.
enum ImpliedFamily {
  static func family(of text: [UInt8]) -> IPFamily {
    var isImplied = true
    for line in SaveFileLines(text) {
      switch line.text.first {
      case UInt8(ascii: "#"):
        if let header = DumpHeader(line.text) { isImplied = header.family == nil }
      case UInt8(ascii: "["), UInt8(ascii: "-"):
        if isImplied, hasIPv6Address(line.text) { return .ipv6 }
      default: break
      }
    }
    return .ipv4
  }

  private static func hasIPv6Address(_ line: ArraySlice<UInt8>) -> Bool {
    // A line that can't be taken apart is reported when it is parsed.
    guard let words = try? LineTokenizer.words(of: line) else { return false }
    var isAddress = false
    for word in words where !word.isNegation {
      if isAddress, word.bytes.count(where: { $0 == UInt8(ascii: ":") }) > 1 { return true }
      isAddress = word.isOption && options.contains(word.text)
    }
    return false
  }

  private static let options: Set<String> = [
    "-s", "--source", "--src", "-d", "--destination", "--dst", "--to-destination", "--to-source",
    "--mask", "--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst",
  ]
}

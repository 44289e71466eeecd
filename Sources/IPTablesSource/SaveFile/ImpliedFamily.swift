internal import Netfilter

/// The family of tables whose header doesn't tell it, found in what their rules say.
///
/// An address decides; else a match or target that only one family has; else a protocol, which either
/// family's rules may name, though only one's mean it. Where nothing is found it is IPv4.
enum ImpliedFamily {
  static func family(of text: [UInt8]) -> IPFamily {
    var isImplied = true
    var found: Evidence?
    for line in SaveFileLines(text) {
      switch line.text.first {
      case UInt8(ascii: "#"):
        if let header = DumpHeader(line.text) { isImplied = header.family == nil }
      case UInt8(ascii: "["), UInt8(ascii: "-"):
        guard isImplied, let more = evidence(in: line.text) else { continue }
        if more.strength == .address { return more.family }
        if more.strength > found?.strength ?? .none { found = more }
      default: break
      }
    }
    return found?.family ?? .ipv4
  }

  private struct Evidence {
    enum Strength: Int, Comparable {
      case none, `protocol`, `extension`, address

      static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    let family: IPFamily
    let strength: Strength
  }

  /// The strongest that the line has.
  private static func evidence(in line: ArraySlice<UInt8>) -> Evidence? {
    // A line that can't be taken apart is reported when it is parsed.
    guard let words = try? LineTokenizer.words(of: line) else { return nil }
    var option: String?
    var found: Evidence?
    for word in words where !word.isNegation {
      if let option, let more = evidence(in: word, of: option),
        more.strength > found?.strength ?? .none
      {
        found = more
      }
      option = word.isOption ? word.text : nil
    }
    return found
  }

  private static func evidence(in word: Word, of option: String) -> Evidence? {
    if addresses.contains(option) {
      return family(ofAddress: word).map { Evidence(family: $0, strength: .address) }
    }
    guard let known = words[option] else { return nil }
    let (strength, ipv4, ipv6) = known
    let text = word.text
    if ipv6.contains(text) { return Evidence(family: .ipv6, strength: strength) }
    if ipv4.contains(text) { return Evidence(family: .ipv4, strength: strength) }
    return nil
  }

  private static func family(ofAddress word: Word) -> IPFamily? {
    if word.bytes.count(where: { $0 == UInt8(ascii: ":") }) > 1 { return .ipv6 }
    return word.bytes.count { $0 == UInt8(ascii: ".") } >= 3 ? .ipv4 : nil
  }

  private static let addresses: Set<String> = [
    "-s", "--source", "--src", "-d", "--destination", "--dst", "--to-destination", "--to-source",
    "--mask", "--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst", "--src-range",
    "--dst-range", "--to", "--gateway", "--on-ip", "--tunnel-src", "--tunnel-dst",
  ]

  private typealias Words = (Evidence.Strength, ipv4: Set<String>, ipv6: Set<String>)

  /// By option, the values that only one family's rules have.
  private static let words: [String: Words] = {
    let protocols: Words = (.protocol, ["icmp"], ["ipv6-icmp", "icmpv6", "icmp6", "58"])
    let matches: Words = (
      .extension, ["icmp", "ttl", "realm"],
      ["icmp6", "hl", "rt", "frag", "hbh", "dst", "eui64", "ipv6header", "mh", "srh"]
    )
    let targets: Words = (
      .extension, ["TTL", "ECN", "CLUSTERIP", "ULOG"], ["HL", "SNPT", "DNPT", "NPT"]
    )
    let rejections: Words = (
      .extension,
      [
        "icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable",
        "icmp-port-unreachable", "icmp-net-prohibited", "icmp-host-prohibited",
        "icmp-admin-prohibited",
      ],
      [
        "icmp6-no-route", "icmp6-adm-prohibited", "icmp6-addr-unreachable",
        "icmp6-port-unreachable", "icmp6-policy-fail", "icmp6-reject-route",
      ]
    )
    return [
      "-p": protocols, "--protocol": protocols, "-m": matches, "--match": matches,
      "-j": targets, "--jump": targets, "--reject-with": rejections,
    ]
  }()
}

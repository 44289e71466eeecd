/// Numbers as several extensions write them, each with a blank before it.
extension LineWriter {
  /// Appends a protocol's name, or its number where it has none.
  public mutating func word(protocol number: UInt8) {
    if let name = ProtocolName.of(number) { word(name) } else { word(number: UInt64(number)) }
  }

  /// Appends a number, or both ends of a range.
  public mutating func word(range first: UInt64, _ last: UInt64, separator: StaticString = ":") {
    append(" ")
    append(range: first, last, separator: separator)
  }

  mutating func append(range first: UInt64, _ last: UInt64, separator: StaticString) {
    append(number: first)
    if first == last { return }
    append(separator)
    append(number: last)
  }

  /// Appends `0x1/0xff`.
  public mutating func word(mark: UInt64, mask: UInt64) {
    word(hexadecimal: mark)
    append("/0x")
    append(hexadecimal: mask)
  }

  /// Appends a rate of packets, in the shortest unit of time that shows it better than a longer one.
  ///
  /// - Parameters:
  ///   - period: The time between two packets; 0 for no limit.
  ///   - second: The length of a second in the same unit.
  /// - Returns: The length of the rate's unit in seconds, 0 without a rate.
  ///
  /// C counterparts: `print_rate` of libxt_limit and of libxt_hashlimit.
  @discardableResult
  public mutating func word(period: UInt64, second: UInt64) -> UInt64 {
    if period == 0 {
      word("inf")
      return 0
    }
    var unit = Self.units[0]
    for shorter in Self.units.dropFirst() {
      let (rate, rest) = (shorter.seconds * second).quotientAndRemainder(dividingBy: period)
      if rate < rest { break }
      unit = shorter
    }
    word(number: unit.seconds * second / period)
    append(unit.name)
    return unit.seconds
  }

  private static let units: [(seconds: UInt64, name: StaticString)] = [
    (86400, "/day"), (3600, "/hour"), (60, "/min"), (1, "/sec"),
  ]

  /// Appends a probability in units of 2^-31 with 11 decimals, rounded from the exact value, to even
  /// where it lies between.
  public mutating func word(probability: UInt64) {
    // 10^11 / 2^31 is 5^11 / 2^20.
    let exact = probability * 48_828_125
    var decimals = exact >> 20
    let rest = exact & 0xf_ffff
    if rest > 0x8_0000 || rest == 0x8_0000 && decimals & 1 == 1 { decimals += 1 }
    var place: UInt64 = 100_000_000_000
    word(number: decimals / place)
    append(".")
    while place > 1 {
      place /= 10
      append(number: decimals / place % 10)
    }
  }
}

extension LineWriter {
  /// Appends an address as `inet_ntop` of glibc prints it.
  ///
  /// - Parameter embedsCompatible: Whether `::1:2` is written as `::0.1.0.2`. RFC 5952 doesn't have that.
  public mutating func append(_ address: IPAddress, embedsCompatible: Bool = true) {
    switch address.family {
    case .ipv4: appendQuad(UInt32(truncatingIfNeeded: address.high >> 32))
    case .ipv6: appendGroups(of: address, embedsCompatible: embedsCompatible)
    }
  }

  public mutating func word(_ address: IPAddress) {
    append(" ")
    append(address)
  }

  /// Appends an address and its mask: the prefix' length, or all of the mask where it is none.
  ///
  /// - Parameter always: Whether a mask of all bits is written too.
  public mutating func word(_ address: IPAddress, mask: IPAddress, always: Bool = false) {
    word(address)
    guard let length = mask.prefixLength else {
      append("/")
      return append(mask)
    }
    if !always, mask == address.family.fullMask { return }
    append("/")
    append(number: UInt64(length))
  }

  private mutating func appendQuad(_ address: UInt32) {
    append(number: UInt64(address >> 24))
    append(".")
    append(number: UInt64(address >> 16 & 0xff))
    append(".")
    append(number: UInt64(address >> 8 & 0xff))
    append(".")
    append(number: UInt64(address & 0xff))
  }

  private mutating func appendGroups(of address: IPAddress, embedsCompatible: Bool) {
    let zeros = address.longestZeroRun
    let isMapped = zeros == 0..<5 && address.group(5) == 0xffff
    if isMapped || embedsCompatible && zeros == 0..<6 {
      append(isMapped ? "::ffff:" : "::")
      return appendQuad(UInt32(truncatingIfNeeded: address.low))
    }
    var index = 0
    while index < 8 {
      if index == zeros.lowerBound, !zeros.isEmpty {
        append("::")
        index = zeros.upperBound
        continue
      }
      if index > 0, index != zeros.upperBound { append(":") }
      append(hexadecimal: address.group(index))
      index += 1
    }
  }
}

extension IPAddress {
  /// The 16 bits of an IPv6 address at `index`, 0 to 7.
  fileprivate func group(_ index: Int) -> UInt64 {
    (index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)) & 0xffff
  }

  /// The first of the longest runs of at least two groups that are zero; empty where there is none.
  fileprivate var longestZeroRun: Range<Int> {
    var best = 0..<0
    var start = 0
    for index in 0...8 {
      if index < 8, group(index) == 0 { continue }
      if index - start > max(1, best.count) { best = start..<index }
      start = index + 1
    }
    return best
  }
}

/// The names of IP protocols.
public enum ProtocolName {
  /// The protocol's name; nil where it has none.
  public static func of(_ number: UInt8) -> StaticString? {
    switch number {
    case 6: "tcp"
    case 17: "udp"
    default: names[number]
    }
  }

  /// The protocol of that name; nil where there is none.
  public static func number(named name: String) -> UInt8? { numbers[name] }

  private static let numbers = Dictionary(
    uniqueKeysWithValues: names.map { ($1.description, $0) } + [("tcp", 6), ("udp", 17)])

  /// As Debian's `/etc/protocols` has them, and after it iptables itself.
  private static let names: [UInt8: StaticString] = [
    1: "icmp", 2: "igmp", 3: "ggp", 4: "ipencap", 5: "st", 8: "egp", 9: "igp", 12: "pup",
    20: "hmp", 22: "xns-idp", 27: "rdp", 29: "iso-tp4", 33: "dccp", 36: "xtp", 37: "ddp",
    38: "idpr-cmtp", 41: "ipv6", 43: "ipv6-route", 44: "ipv6-frag", 45: "idrp", 46: "rsvp",
    47: "gre", 50: "esp", 51: "ah", 57: "skip", 58: "ipv6-icmp", 59: "ipv6-nonxt",
    60: "ipv6-opts", 73: "rspf", 81: "vmtp", 88: "eigrp", 89: "ospf", 93: "ax.25", 94: "ipip",
    97: "etherip", 98: "encap", 103: "pim", 108: "ipcomp", 112: "vrrp", 115: "l2tp", 124: "isis",
    132: "sctp", 133: "fc", 135: "mobility-header", 136: "udplite", 137: "mpls-in-ip",
    138: "manet", 139: "hip", 140: "shim6", 141: "wesp", 142: "rohc", 143: "ethernet",
  ]
}

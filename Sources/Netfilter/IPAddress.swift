/// The address family whose tables are meant; the raw value is the label value that kube-proxy's own
/// metrics use.
public enum IPFamily: String, Sendable, Hashable, CaseIterable, Comparable {
  case ipv4 = "IPv4"
  case ipv6 = "IPv6"

  public static func < (left: IPFamily, right: IPFamily) -> Bool {
    left == .ipv4 && right == .ipv6
  }
}

/// An IPv4 or IPv6 address, or a mask of one, in network order.
public struct IPAddress: Sendable, Hashable {
  public let family: IPFamily
  /// The 128 bits of an IPv6 address; an IPv4 address stands in the upper 32 of ``high``.
  public let high: UInt64
  public let low: UInt64

  public init(ipv4 value: UInt32) {
    self.family = .ipv4
    self.high = UInt64(value) << 32
    self.low = 0
  }

  public init(ipv6High high: UInt64, low: UInt64) {
    self.family = .ipv6
    self.high = high
    self.low = low
  }

  /// The mask whose first `length` bits are ones; nil where the family has fewer bits.
  public init?(family: IPFamily, prefixLength length: Int) {
    guard length >= 0, length <= (family == .ipv4 ? 32 : 128) else { return nil }
    self.family = family
    self.high = length == 0 ? 0 : ~UInt64(0) << UInt64(max(0, 64 - length))
    self.low = length <= 64 ? 0 : ~UInt64(0) << UInt64(128 - length)
  }

  public var isZero: Bool { high == 0 && low == 0 }

  /// The number of leading ones where all ones lead, else nil (a mask that is no prefix).
  public var prefixLength: Int? {
    let length =
      high == ~0 ? 64 + (~low).leadingZeroBitCount : (~high).leadingZeroBitCount
    guard let mask = IPAddress(family: family, prefixLength: length), mask == self else {
      return nil
    }
    return length
  }

  /// The address with the bits outside `mask` cleared, as iptables stores it.
  public func masked(by mask: IPAddress) -> IPAddress {
    IPAddress(family: family, high: high & mask.high, low: low & mask.low)
  }

  private init(family: IPFamily, high: UInt64, low: UInt64) {
    self.family = family
    self.high = high
    self.low = low
  }
}

extension IPFamily {
  /// The mask of one address.
  public var fullMask: IPAddress {
    switch self {
    case .ipv4: IPAddress(ipv4: .max)
    case .ipv6: IPAddress(ipv6High: .max, low: .max)
    }
  }
}

extension IPAddress: CustomStringConvertible {
  /// Dotted quad, or RFC 5952's form of an IPv6 address.
  public var description: String {
    switch family {
    case .ipv4:
      return stride(from: UInt64(56), through: 32, by: -8)
        .map { String((high >> $0) & 0xff) }
        .joined(separator: ".")
    case .ipv6:
      return Self.text(of: groups)
    }
  }

  private var groups: [UInt16] {
    [high, low].flatMap { word in
      stride(from: UInt64(48), through: 0, by: -16).map { UInt16(truncatingIfNeeded: word >> $0) }
    }
  }

  private static func text(of groups: [UInt16]) -> String {
    let isMapped = groups[0..<5].allSatisfy { $0 == 0 } && groups[5] == 0xffff
    if isMapped {
      let value = UInt32(groups[6]) << 16 | UInt32(groups[7])
      return "::ffff:" + IPAddress(ipv4: value).description
    }
    let hexadecimal = groups.map { String($0, radix: 16) }
    guard let zeros = longestZeroRun(in: groups) else { return hexadecimal.joined(separator: ":") }
    return hexadecimal[..<zeros.lowerBound].joined(separator: ":") + "::"
      + hexadecimal[zeros.upperBound...].joined(separator: ":")
  }

  /// The first of the longest runs of at least two zero groups.
  private static func longestZeroRun(in groups: [UInt16]) -> Range<Int>? {
    var best: Range<Int>?
    var start = 0
    for index in 0...groups.count {
      if index < groups.count, groups[index] == 0 { continue }
      if index - start > max(1, best?.count ?? 0) { best = start..<index }
      start = index + 1
    }
    return best
  }
}

extension IPAddress: LosslessStringConvertible {
  /// Parses a dotted quad or an IPv6 address (with `::` and an embedded dotted quad); nil where the
  /// text is neither. No zone, no prefix length, no host name.
  public init?(_ text: String) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard let words = Self.ipv6Words(text) else { return nil }
      self.init(ipv6High: words.high, low: words.low)
    } else {
      guard let value = Self.ipv4Value(text) else { return nil }
      self.init(ipv4: value)
    }
  }

  private static func ipv4Value(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard part.utf8.allSatisfy(isDigit), let byte = UInt8(part) else { return nil }
      value = value << 8 | UInt32(byte)
    }
    return value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func ipv6Words(_ text: String) -> (high: UInt64, low: UInt64)? {
    var halves: [[UInt16]] = []
    var rest = Substring(text)
    if let gap = text.firstDoubleColon {
      guard let head = groups(rest[..<gap.lowerBound], endsText: false),
        let tail = groups(rest[gap.upperBound...])
      else { return nil }
      guard head.count + tail.count < 8 else { return nil }
      halves = [head, Array(repeating: 0, count: 8 - head.count - tail.count), tail]
      rest = ""
    } else {
      guard let all = groups(rest), all.count == 8 else { return nil }
      halves = [all]
    }
    let all = halves.joined().map(UInt64.init)
    return (
      all[0] << 48 | all[1] << 32 | all[2] << 16 | all[3],
      all[4] << 48 | all[5] << 32 | all[6] << 16 | all[7]
    )
  }

  /// A dotted quad may only stand where the whole text ends.
  private static func groups(_ text: Substring, endsText: Bool = true) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if endsText, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
        guard let value = ipv4Value(part) else { return nil }
        groups += [UInt16(value >> 16), UInt16(truncatingIfNeeded: value)]
      } else {
        guard part.utf8.count <= 4, part.utf8.first != UInt8(ascii: "+"),
          let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    return groups
  }
}

extension String {
  fileprivate var firstDoubleColon: Range<Index>? {
    var previous: Index?
    for index in utf8.indices {
      if utf8[index] == UInt8(ascii: ":") {
        if let previous { return previous..<utf8.index(after: index) }
        previous = index
      } else {
        previous = nil
      }
    }
    return nil
  }
}

/// What stands in a line, as values.
extension Span<UInt8> {
  /// The decimal number in the range; nil where there is none, or one that is too large.
  public func number<Integer: FixedWidthInteger>(in range: Range<Int>) -> Integer? {
    var digits = Digits(position: range.lowerBound, end: range.upperBound)
    guard let value: Integer = digits.number(self), digits.isAtEnd else { return nil }
    return value
  }

  /// The protocol whose name or number stands in the range; nil where it is unknown.
  public func protocolNumber(_ range: Range<Int>) -> UInt8? {
    if isText("tcp", range) { return 6 }
    if isText("udp", range) { return 17 }
    return number(in: range)
      ?? ProtocolName.number(named: String(decoding: bytes(in: range), as: UTF8.self))
  }

  /// The share of packets that an option of `-m statistic` lets match in the long run: `--probability`, `--every`. Nil
  /// for other options, and for values that are none.
  public func statisticShare(_ option: LineElement) -> Double? {
    let share: Double
    if isText("--every", option.name) {
      guard let count: UInt32 = number(in: option.value), count > 0 else { return nil }
      share = 1 / Double(count)
    } else {
      guard isText("--probability", option.name),
        let probability = Double(String(decoding: bytes(in: option.value), as: UTF8.self))
      else { return nil }
      // The kernel keeps 31 bits, of which the text has all.
      share = Swift.min(1, (probability * 0x1p31).rounded() / 0x1p31)
    }
    return option.isInverted ? 1 - share : share
  }

  /// The flag of an address translation that the option sets; 0 for others.
  func translationFlag(_ option: Range<Int>) -> UInt32 {
    if isText("--random", option) { return 4 }
    if isText("--persistent", option) { return 8 }
    return isText("--random-fully", option) ? 16 : 0
  }

  /// Whether the name is a target's, and so no chain's: iptables refuses chains of such names.
  func isTargetName(_ range: Range<Int>) -> Bool {
    // Most chains' names are longer.
    if range.count > "TCPOPTSTRIP".utf8.count { return false }
    let text = String(decoding: bytes(in: range), as: UTF8.self)
    return Verdict(name: text) != nil || targetNames.contains(text)
  }

  public func bytes(in range: Range<Int>) -> [UInt8] { range.map { self[$0] } }

  /// Where the byte stands first in the range.
  func position(of byte: UInt8, in range: Range<Int>) -> Int? { range.first { self[$0] == byte } }

  /// The address in the range.
  func address(in range: Range<Int>) -> IPAddress? {
    guard position(of: UInt8(ascii: ":"), in: range) != nil else {
      return ipv4(in: range).map(IPAddress.init(ipv4:))
    }
    return IPAddress(String(decoding: bytes(in: range), as: UTF8.self))
  }

  /// The dotted quad in the range.
  func ipv4(in range: Range<Int>) -> UInt32? {
    var digits = Digits(position: range.lowerBound, end: range.upperBound)
    var address: UInt32 = 0
    for index in 0..<4 {
      if index > 0, !digits.skip(UInt8(ascii: "."), self) { return nil }
      guard let byte: UInt8 = digits.number(self) else { return nil }
      address = address << 8 | UInt32(byte)
    }
    return digits.isAtEnd ? address : nil
  }
}

private let targetNames: Set<String> = [
  "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNMARK", "CONNSECMARK", "CT", "DNAT", "DNPT",
  "DSCP", "ECN", "HL", "HMARK", "IDLETIMER", "LED", "LOG", "MARK", "MASQUERADE", "NETMAP", "NFLOG",
  "NFQUEUE", "NOTRACK", "RATEEST", "REDIRECT", "REJECT", "SECMARK", "SET", "SNAT", "SNPT",
  "SYNPROXY", "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "TTL", "ULOG",
]

/// Reads decimal numbers one after the other.
private struct Digits {
  var position: Int
  let end: Int

  var isAtEnd: Bool { position == end }

  mutating func number<Integer: FixedWidthInteger>(_ line: Span<UInt8>) -> Integer? {
    let start = position
    var value: Integer = 0
    while position < end, case let digit = line[position] &- UInt8(ascii: "0"), digit < 10 {
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isStillTooLarge) = product.addingReportingOverflow(Integer(digit))
      if isTooLarge || isStillTooLarge { return nil }
      value = sum
      position += 1
    }
    return position > start ? value : nil
  }

  mutating func skip(_ byte: UInt8, _ line: Span<UInt8>) -> Bool {
    guard position < end, line[position] == byte else { return false }
    position += 1
    return true
  }
}

/// `-s` or `-d`: an address under a mask.
public struct AddressMatch: Sendable, Hashable {
  /// The address, with the bits outside ``mask`` cleared.
  public let address: IPAddress
  public let mask: IPAddress
  public let inverted: Bool

  public init(address: IPAddress, mask: IPAddress, inverted: Bool = false) {
    self.address = address.masked(by: mask)
    self.mask = mask
    self.inverted = inverted
  }

  /// The address, where it is one alone that matches.
  public var onlyAddress: IPAddress? {
    !inverted && mask == mask.family.fullMask ? address : nil
  }

  /// Whether a rule with this condition is for the address.
  public func matches(_ address: IPAddress) -> Bool {
    (address.family == mask.family && address.masked(by: mask) == self.address) != inverted
  }

  /// Whether an address may match both. Where one is inverted, it is taken that one may.
  public func mayOverlap(_ other: AddressMatch) -> Bool {
    inverted || other.inverted
      || address.masked(by: other.mask) == other.address.masked(by: mask)
  }

  /// `10.0.0.0/8`, or with a mask that is no prefix, as `-s` and `-d` have them.
  public init?(_ line: Span<UInt8>, _ range: Range<Int>, inverted: Bool) {
    let slash = line.position(of: UInt8(ascii: "/"), in: range)
    guard let address = line.address(in: range.lowerBound..<(slash ?? range.upperBound)) else {
      return nil
    }
    var mask: IPAddress? = address.family.fullMask
    if let slash {
      let text = slash + 1..<range.upperBound
      mask =
        line.number(in: text).map { IPAddress(family: address.family, prefixLength: $0) }
        ?? line.address(in: text)
    }
    guard let mask, mask.family == address.family else { return nil }
    self.init(address: address, mask: mask, inverted: inverted)
  }
}

/// A mark and its mask, as `MARK`, `CONNMARK` and their matches have them: `0x4000/0x4000`.
public struct MaskedMark: Sendable, Hashable {
  public let value: UInt32
  /// All bits where none is given.
  public let mask: UInt32

  /// Nil where the text is no mark: one or two numbers, decimal or behind `0x`.
  public init?(_ text: String) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { number in
      number.hasPrefix("0x") ? UInt32(number.dropFirst(2), radix: 16) : UInt32(number)
    }
    guard numbers.count <= 2, let value = numbers[0],
      let mask = numbers.count == 1 ? .max : numbers[1]
    else { return nil }
    self.value = value
    self.mask = mask
  }
}

extension ChainName {
  /// The name in the range of a line; nil where it is too long.
  public init?(_ line: Span<UInt8>, _ range: Range<Int>) {
    guard range.count <= Self.maximumLength else { return nil }
    func word(_ first: Int) -> UInt64 {
      var word: UInt64 = 0
      for position in first..<first + 8 {
        word = word << 8 | (position < range.upperBound ? UInt64(line[position]) : 0)
      }
      return word.bigEndian
    }
    let start = range.lowerBound
    self.init(bigEndianWords: (word(start), word(start + 8), word(start + 16), word(start + 24)))
  }
}

/// The tags of packed matches, as ``Match/encode(into:)`` writes them.
enum PackedMatch: UInt8 {
  case source, destination, inputInterface, outputInterface, `protocol`, fragment
  case addressType, comment, connectionTracking, limit, mark, multiport, accounting, recent
  case sctp, statistic, tcp, udp, unrecognised

  /// What a TCP match holds behind the ports, in bytes: the option, flags, and whether inverted.
  static let tcpRest = 5
}

/// The tags of packed targets, as ``Target/encode(into:)`` writes them.
enum PackedTarget: UInt8 {
  case none, jump, goto, verdict, destinationNAT, sourceNAT, masquerade, redirect, mark, reject
  case unrecognised
}

/// Reads packed rules in place; each function is told the bytes, for a span can't be kept.
struct PackedReader {
  var position = 0

  mutating func byte(_ bytes: Span<UInt8>) -> UInt8 {
    defer { position += 1 }
    return bytes[position]
  }

  mutating func integer(_ bytes: Span<UInt8>) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = byte(bytes)
      value |= UInt64(next & 0x7f) << shift
      if next < 0x80 { return value }
      shift += 7
    }
  }

  mutating func blob(_ bytes: Span<UInt8>) -> Range<Int> {
    let count = Int(integer(bytes))
    defer { position += count }
    return position..<position + count
  }

  mutating func address(_ bytes: Span<UInt8>) -> IPAddress {
    let isIPv6 = byte(bytes) != 0
    let high = integer(bytes).byteSwapped
    guard isIPv6 else { return IPAddress(ipv4: UInt32(truncatingIfNeeded: high >> 32)) }
    return IPAddress(ipv6High: high, low: integer(bytes).byteSwapped)
  }

  mutating func ports(_ bytes: Span<UInt8>) -> PortRange {
    let value = integer(bytes)
    return PortRange(
      first: UInt16(truncatingIfNeeded: value >> 17),
      last: UInt16(truncatingIfNeeded: value >> 1), inverted: value & 1 == 1)
  }

  mutating func skipInteger(_ bytes: Span<UInt8>) { while byte(bytes) >= 0x80 {} }

  mutating func skipIntegers(_ count: Int, _ bytes: Span<UInt8>) {
    for _ in 0..<count { skipInteger(bytes) }
  }

  mutating func skipBlob(_ bytes: Span<UInt8>) { position += Int(integer(bytes)) }

  mutating func skipAddress(_ bytes: Span<UInt8>) {
    skipIntegers(byte(bytes) == 0 ? 1 : 2, bytes)
  }

  /// Skips what follows a match's tag.
  mutating func skip(_ match: PackedMatch?, _ bytes: Span<UInt8>) {
    switch match {
    case .source, .destination:
      skipAddress(bytes)
      skipAddress(bytes)
      position += 1
    case .inputInterface, .outputInterface:
      skipBlob(bytes)
      position += 2
    case .protocol: position += 2
    case .fragment: position += 1
    case .comment, .accounting: skipBlob(bytes)
    case .limit, .sctp, .udp: skipIntegers(2, bytes)
    case .tcp:
      skipIntegers(2, bytes)
      position += PackedMatch.tcpRest
    case .addressType, .mark:
      skipIntegers(2, bytes)
      position += 1
    case .connectionTracking:
      skipIntegers(4, bytes)
      skipBlob(bytes)
    case .multiport:
      position += 2
      skipIntegers(Int(integer(bytes)), bytes)
    case .recent: skipRecent(bytes)
    case .statistic:
      position += 1
      skipIntegers(byte(bytes) == 0 ? 2 : 1, bytes)
    case .unrecognised, nil:
      skipBlob(bytes)
      position += 1
      skipBlob(bytes)
    }
  }

  private mutating func skipRecent(_ bytes: Span<UInt8>) {
    skipBlob(bytes)
    position += 1
    skipIntegers(2, bytes)
    position += 1
    skipAddress(bytes)
    position += 1
  }

  /// Reads the target, which follows the matches.
  mutating func outcome(_ bytes: Span<UInt8>) -> RuleList.Outcome {
    switch PackedTarget(rawValue: byte(bytes)) {
    case .jump, .goto: return .chain(chainName(bytes))
    case .destinationNAT:
      return .destinationNAT(
        AddressTranslation(
          flags: UInt32(truncatingIfNeeded: integer(bytes)), first: address(bytes),
          last: address(bytes), firstPort: UInt16(truncatingIfNeeded: integer(bytes)),
          lastPort: UInt16(truncatingIfNeeded: integer(bytes)),
          basePort: UInt16(truncatingIfNeeded: integer(bytes))))
    case .reject: return .blocked
    case .verdict: return byte(bytes) == Verdict.drop.rawValue ? .blocked : .other
    default: return .other
    }
  }

  private mutating func chainName(_ bytes: Span<UInt8>) -> ChainName {
    let name = blob(bytes)
    let first = name.lowerBound
    return ChainName(
      bigEndianWords: (
        word(first, name.upperBound, bytes), word(first + 8, name.upperBound, bytes),
        word(first + 16, name.upperBound, bytes), word(first + 24, name.upperBound, bytes)
      ))
  }

  /// Eight bytes as they would lie in memory, those from `end` on zero.
  private func word(_ first: Int, _ end: Int, _ bytes: Span<UInt8>) -> UInt64 {
    var word: UInt64 = 0
    for position in first..<first + 8 {
      word = word << 8 | (position < end ? UInt64(bytes[position]) : 0)
    }
    return word.bigEndian
  }
}

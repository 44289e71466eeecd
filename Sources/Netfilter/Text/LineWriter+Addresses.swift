extension LineWriter {
  /// Appends an address as `inet_ntop` of glibc prints it: other than RFC 5952 has it, `::0.1.0.2`
  /// for `::1:2`.
  public mutating func append(_ address: IPAddress) {
    switch address.family {
    case .ipv4: appendQuad(UInt32(truncatingIfNeeded: address.high >> 32))
    case .ipv6: appendGroups(of: address)
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

  private mutating func appendGroups(of address: IPAddress) {
    let zeros = address.longestZeroRun
    let isMapped = zeros == 0..<5 && address.group(5) == 0xffff
    if isMapped || zeros == 0..<6 {
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
  /// The address as iptables writes it: as `inet_ntop` of glibc does, `::0.1.0.2` for `::1:2`.
  public var numericText: String {
    var text = LineWriter(family: family)
    text.append(self)
    return String(decoding: text.bytes, as: UTF8.self)
  }

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

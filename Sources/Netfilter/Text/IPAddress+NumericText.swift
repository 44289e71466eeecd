extension IPAddress {
  /// As `inet_ntop` of glibc prints it: other than RFC 5952, `::0.1.0.2` for `::1:2`.
  public var numericText: String {
    let isCompatible = family == .ipv6 && high == 0 && low >> 32 == 0 && low >> 16 != 0
    return isCompatible
      ? "::" + IPAddress(ipv4: UInt32(truncatingIfNeeded: low)).description : description
  }

  /// The address and its mask, which isn't written where it has all bits.
  func text(masked mask: IPAddress) -> String {
    let isFull = mask.prefixLength == (family == .ipv4 ? 32 : 128)
    return isFull ? numericText : "\(numericText)/\(mask.maskText)"
  }

  /// What stands behind the slash where this is a mask: the prefix' length, or all of the mask.
  public var maskText: String { prefixLength.map { String($0) } ?? numericText }
}

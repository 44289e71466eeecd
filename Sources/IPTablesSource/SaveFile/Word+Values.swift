internal import Netfilter

extension Word {
  func address(_ family: IPFamily) throws(Malformation) -> IPAddress {
    guard let address = IPAddress(text), address.family == family else {
      throw isNot("an \(family.rawValue) address")
    }
    return address
  }

  /// An address, and after a slash the length of its prefix or a mask; without it, the full mask.
  func addressAndMask(_ family: IPFamily) throws(Malformation) -> (IPAddress, mask: IPAddress) {
    let parts = split("/", maxSplits: 1)
    let address = try parts[0].address(family)
    guard parts.count == 2 else { return (address, family.fullMask) }
    if let length = Int(decimal: parts[1].bytes) {
      guard let mask = IPAddress(family: family, prefixLength: length) else {
        throw isNot("an \(family.rawValue) network")
      }
      return (address, mask)
    }
    return (address, try parts[1].address(family))
  }
}

extension FixedWidthInteger {
  /// Nil where the text is empty, not all digits, or too large.
  init?(decimal text: ArraySlice<UInt8>) { self.init(digits: text, radix: 10) }

  /// A number as C writes it: decimal, hexadecimal after `0x`, octal after `0`; else nil.
  init?(asInC text: ArraySlice<UInt8>) {
    guard text.count > 1, text.first == UInt8(ascii: "0") else {
      self.init(digits: text, radix: 10)
      return
    }
    let rest = text.dropFirst()
    if rest.first == UInt8(ascii: "x") || rest.first == UInt8(ascii: "X") {
      self.init(digits: rest.dropFirst(), radix: 16)
    } else {
      self.init(digits: rest, radix: 8)
    }
  }

  private init?(digits text: ArraySlice<UInt8>, radix: UInt8) {
    guard !text.isEmpty else { return nil }
    var value: Self = 0
    for byte in text {
      guard let digit = byte.digitValue, digit < radix else { return nil }
      let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: Self(radix))
      let (sum, isTooLargeNow) = shifted.addingReportingOverflow(Self(digit))
      guard !isTooLarge, !isTooLargeNow else { return nil }
      value = sum
    }
    self = value
  }
}

extension UInt8 {
  fileprivate var digitValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

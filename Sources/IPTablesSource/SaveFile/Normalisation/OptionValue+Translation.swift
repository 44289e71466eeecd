internal import Netfilter

extension OptionValue {
  /// What DNAT and SNAT translate to: `10.0.0.1-10.0.0.9:80-90`, `:80`, `[fd00::1]:80` or `fd00::1`.
  static let translation = word { word, family in
    guard let (addresses, ports) = parts(of: word, family) else { return nil }
    var text = ""
    if let addresses {
      guard let range = range(addresses, "-", of: { (try? $0.address(family))?.numericText })
      else { return nil }
      text = ports != nil && family == .ipv6 ? "[\(range)]" : range
    }
    guard let ports else { return text }
    return translatedPorts(ports).map { "\(text):\($0)" }
  }

  /// What MASQUERADE and REDIRECT translate to: `80`, `80-90` or `80-90/100`.
  static let translatedPorts = word { word, _ in translatedPorts(word) }

  /// The addresses and the ports, of which there may be either; nil where they can't be told apart.
  private static func parts(
    of word: Word, _ family: IPFamily
  ) -> (addresses: Word?, ports: Word?)? {
    if word.bytes.first == UInt8(ascii: "[") {
      let halves = word.split("]", maxSplits: 1)
      guard halves.count == 2 else { return nil }
      let addresses = halves[0].dropFirst()
      if halves[1].bytes.isEmpty { return (addresses, nil) }
      guard halves[1].bytes.first == UInt8(ascii: ":") else { return nil }
      return (addresses, halves[1].dropFirst())
    }
    let halves = word.split(":", maxSplits: 1)
    guard halves.count == 2 else { return (word, nil) }
    let hasNoAddress = halves[0].bytes.isEmpty
    if family == .ipv6, !hasNoAddress || halves[1].bytes.first == UInt8(ascii: ":") {
      return (word, nil)
    }
    return (hasNoAddress ? nil : halves[0], halves[1])
  }

  private static func translatedPorts(_ word: Word) -> String? {
    let parts = word.split("/", maxSplits: 1)
    let ends = parts[0].split("-", maxSplits: 1).compactMap { UInt16(decimal: $0.bytes) }
    guard let range = range(parts[0], "-", of: { UInt16(decimal: $0.bytes).map { String($0) } }),
      ends[0] <= ends[ends.count - 1]
    else { return nil }
    if parts.count == 1 { return range }
    return UInt16(decimal: parts[1].bytes).map { "\(range)/\($0)" }
  }

  /// Both ends, or one where they are the same.
  private static func range(
    _ word: Word, _ separator: Unicode.Scalar, of text: (Word) -> String?
  ) -> String? {
    let ends = word.split(separator, maxSplits: 1).map(text)
    guard let first = ends[0], let last = ends[ends.count - 1] else { return nil }
    return first == last ? first : "\(first)-\(last)"
  }
}

extension Word {
  /// The word without its first byte.
  fileprivate func dropFirst() -> Word {
    Word(bytes: bytes.dropFirst(), isQuoted: isQuoted, range: range)
  }
}

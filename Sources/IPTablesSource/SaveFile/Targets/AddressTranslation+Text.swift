internal import Netfilter

extension AddressTranslation {
  /// DNAT and SNAT, whose `name` option has addresses, ports or both. Nil where an option is not
  /// known, or `name` is not given just once.
  init?(
    _ options: [ExtensionOption], addresses name: String, _ family: IPFamily
  ) throws(Malformation) {
    self.init(flags: 0, first: family.zeroAddress, last: family.zeroAddress)
    for option in options where option.name != name {
      guard takeFlag(option) else { return nil }
    }
    let given = options.filter { $0.name == name }
    guard let option = given.first, given.count == 1 else { return nil }
    try take(option.value(), family)
  }

  /// MASQUERADE and REDIRECT, whose `name` option has ports, and may be left out. Nil where an
  /// option is not known.
  init?(
    _ options: [ExtensionOption], ports name: String, _ family: IPFamily
  ) throws(Malformation) {
    self.init(flags: 0, first: family.zeroAddress, last: family.zeroAddress)
    for option in options {
      if option.name == name {
        let value = try option.value()
        try takePorts(value.bytes, of: value)
      } else {
        guard takeFlag(option) else { return nil }
      }
    }
  }

  private mutating func takeFlag(_ option: ExtensionOption) -> Bool {
    guard option.values.isEmpty, !option.inverted else { return false }
    switch option.name {
    case "--random": flags |= 4
    case "--persistent": flags |= 8
    case "--random-fully": flags |= 16
    default: return false
    }
    return true
  }

  /// `10.0.0.1-10.0.0.9:80-90`, `:80`, `[fd00::1]:80` or `fd00::1`.
  private mutating func take(_ word: Word, _ family: IPFamily) throws(Malformation) {
    let text = word.bytes
    let colon = UInt8(ascii: ":")
    if text.first == UInt8(ascii: "[") {
      guard let close = text.firstIndex(of: UInt8(ascii: "]")) else {
        throw word.isNot("an address to translate to")
      }
      try takeAddresses(text[text.index(after: text.startIndex)..<close], of: word, family)
      let rest = text[text.index(after: close)...]
      if rest.isEmpty { return }
      guard rest.first == colon else { throw word.isNot("an address to translate to") }
      try takePorts(rest.dropFirst(), of: word)
    } else if let first = text.firstIndex(of: colon),
      family == .ipv4 || first == text.startIndex && text.dropFirst().first != colon
    {
      if first > text.startIndex { try takeAddresses(text[..<first], of: word, family) }
      try takePorts(text[text.index(after: first)...], of: word)
    } else {
      try takeAddresses(text, of: word, family)
    }
  }

  private mutating func takeAddresses(
    _ text: ArraySlice<UInt8>, of word: Word, _ family: IPFamily
  ) throws(Malformation) {
    let ends = Word(bytes: text, isQuoted: false, range: word.range).split("-", maxSplits: 1)
    first = try ends[0].address(family)
    last = ends.count == 2 ? try ends[1].address(family) : first
    flags |= 1
  }

  /// `80`, `80-90` or `80-90/100`.
  private mutating func takePorts(
    _ text: ArraySlice<UInt8>, of word: Word
  ) throws(Malformation) {
    let parts = Word(bytes: text, isQuoted: false, range: word.range).split("/", maxSplits: 1)
    let ends = parts[0].split("-", maxSplits: 1)
    firstPort = try ends[0].port()
    lastPort = ends.count == 2 ? try ends[1].port() : firstPort
    guard firstPort <= lastPort else { throw word.isNot("a range of ports") }
    flags |= 2
    if parts.count == 2 {
      basePort = try parts[1].port()
      flags |= 32
    }
  }
}

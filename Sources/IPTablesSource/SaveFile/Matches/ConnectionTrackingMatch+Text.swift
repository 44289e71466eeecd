internal import Netfilter

extension ConnectionTrackingMatch {
  /// `-m conntrack`; nil where one of the options is not known.
  init?(_ options: [ExtensionOption], family: IPFamily) throws(Malformation) {
    self.init(matchFlags: 0)
    var fields = ConnectionTrackingFields()
    for option in options {
      switch option.name {
      case "--ctstate":
        guard let states = try option.value().flags(Self.stateBits) else { return nil }
        self.states = states
        compare(Self.state, inverted: option.inverted)
      case "--ctstatus":
        guard let statuses = try option.value().flags(Self.statusBits) else { return nil }
        self.statuses = statuses
        compare(1 << 6, inverted: option.inverted)
      case "--ctdir":
        let direction = try option.value().text.uppercased()
        guard direction == "ORIGINAL" || direction == "REPLY" else { return nil }
        compare(1 << 12, inverted: direction == "REPLY")
      default:
        guard let flag = try fields.take(option, family: family) else { return nil }
        compare(flag, inverted: option.inverted)
      }
    }
    others = fields.bytes
  }

  /// `-m state`, which the kernel holds as a `conntrack` match with a flag of its own.
  init?(stateAlias options: [ExtensionOption]) throws(Malformation) {
    guard let option = options.first, options.count == 1, option.name == "--state",
      let states = try option.value().flags(Self.stateBits)
    else { return nil }
    self.init(matchFlags: 1 << 13, states: states)
    compare(Self.state, inverted: option.inverted)
  }

  private mutating func compare(_ flag: UInt16, inverted: Bool) {
    matchFlags |= flag
    if inverted { invertFlags |= flag }
  }

  private static let state: UInt16 = 1

  private static let stateBits: [String: UInt16] = [
    "INVALID": 1, "ESTABLISHED": 2, "RELATED": 4, "NEW": 8, "SNAT": 64, "DNAT": 128,
    "UNTRACKED": 256,
  ]

  private static let statusBits: [String: UInt16] = [
    "NONE": 0, "EXPECTED": 1, "SEEN_REPLY": 2, "ASSURED": 4, "CONFIRMED": 8,
  ]
}

/// The fields of `struct xt_conntrack_mtinfo3` but its flags and states, as libxt_conntrack fills
/// them; integers in the machine's order.
private struct ConnectionTrackingFields {
  /// The struct, padded as x_tables pads it; empty while no field is set.
  private(set) var bytes: [UInt8] = []

  private static let size = 168

  /// Sets the field that `option` compares, and returns its flag; nil where it is not known.
  mutating func take(
    _ option: ExtensionOption, family: IPFamily
  ) throws(Malformation) -> UInt16? {
    switch option.name {
    case "--ctproto":
      set(UInt16(try ProtocolNames.number(of: option.value())), at: 136)
      return 1 << 1
    case "--ctexpire":
      let parts = try option.value().split(":", maxSplits: 1)
      let minimum = try parts[0].number(UInt32.self)
      set(minimum, at: 128)
      set(parts.count == 2 ? try parts[1].number(UInt32.self) : minimum, at: 132)
      return 1 << 7
    default:
      if let field = Self.addresses[option.name] {
        try setAddress(option.value(), family, at: field.offset)
        return field.flag
      }
      guard let field = Self.ports[option.name] else { return nil }
      let range = try option.value().portRange()
      set(range.first, at: field.offset)
      set(range.last, at: field.offset + 16)
      return field.flag
    }
  }

  private static let addresses: [String: (flag: UInt16, offset: Int)] = [
    "--ctorigsrc": (1 << 2, 0), "--ctorigdst": (1 << 3, 32), "--ctreplsrc": (1 << 4, 64),
    "--ctrepldst": (1 << 5, 96),
  ]

  private static let ports: [String: (flag: UInt16, offset: Int)] = [
    "--ctorigsrcport": (1 << 8, 138), "--ctorigdstport": (1 << 9, 140),
    "--ctreplsrcport": (1 << 10, 142), "--ctrepldstport": (1 << 11, 144),
  ]

  private mutating func setAddress(
    _ word: Word, _ family: IPFamily, at offset: Int
  ) throws(Malformation) {
    let (address, mask) = try word.addressAndMask(family)
    set(address.high.bigEndian, at: offset)
    set(address.low.bigEndian, at: offset + 8)
    // libxtables fills the whole field for an address without a mask.
    let isPlain = !word.bytes.contains(UInt8(ascii: "/"))
    set(isPlain ? .max : mask.high.bigEndian, at: offset + 16)
    set(isPlain ? .max : mask.low.bigEndian, at: offset + 24)
  }

  private mutating func set(_ value: some FixedWidthInteger, at offset: Int) {
    if bytes.isEmpty { bytes = Array(repeating: 0, count: Self.size) }
    let field = unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
    bytes.replaceSubrange(offset..<offset + field.count, with: field)
  }
}

internal import Netfilter

/// One option of an extension: whether it is given, whether it stands behind a `!`, and its value.
///
///     Option("--dport", .range(.u16(4), .u16(6)), if: .spans(.u16(4), .u16(6)), not: .bit(2, at: 11))
///
/// C counterpart: `struct xt_option_entry`.
struct Option: Sendable {
  private let name: StaticString?
  private let value: Value?
  private let condition: Condition
  private let inversion: Condition

  init(
    _ name: StaticString, _ value: Value? = nil, if condition: Condition = .always,
    not inversion: Condition = .never
  ) {
    self.name = name
    self.value = value
    self.condition = condition
    self.inversion = inversion
  }

  /// An option that is given where a bit is set, and inverted where the same bit is set elsewhere.
  init(
    _ name: StaticString, _ value: Value? = nil, bit: UInt8, at offset: Int, inverted: Int? = nil
  ) {
    self.init(
      name, value, if: .bit(bit, at: offset), not: inverted.map { .bit(bit, at: $0) } ?? .never)
  }

  /// What isn't said by one option.
  init(if condition: Condition = .always, _ write: @escaping Extension.Writer) {
    name = nil
    value = Value(write)
    self.condition = condition
    inversion = .never
  }

  func write(_ info: Span<UInt8>, to line: inout LineWriter) {
    guard condition.holds(info) else { return }
    if let name { line.option(name, inverted: inversion.holds(info)) }
    value?.write(info, &line)
  }
}

/// A number in a struct: its offset, and its size and order of bytes.
enum Number: Sendable {
  case u8(Int), u16(Int), u32(Int), u64(Int)
  /// In network order.
  case be16(Int), be32(Int)

  func value(_ info: Span<UInt8>) -> UInt64 {
    switch self {
    case .u8(let offset): info.u8(offset)
    case .u16(let offset): info.u16(offset)
    case .u32(let offset): info.u32(offset)
    case .u64(let offset): info.u64(offset)
    case .be16(let offset): info.be16(offset)
    case .be32(let offset): info.be32(offset)
    }
  }

  /// The number whose bits are all set.
  var maximum: UInt64 {
    switch self {
    case .u8: 0xff
    case .u16, .be16: 0xffff
    case .u32, .be32: 0xffff_ffff
    case .u64: .max
    }
  }
}

/// What a struct says of an option.
enum Condition: Sendable {
  case always, never
  /// One of the bits is set in that byte.
  case bit(UInt8, at: Int)
  case nonzero(Number)
  case nonzeroOrBit(Number, UInt8, at: Int)
  case equals(Number, UInt64)
  case differs(Number, from: UInt64)
  /// The two are less than the range of all numbers.
  case spans(Number, Number)

  func holds(_ info: Span<UInt8>) -> Bool {
    switch self {
    case .always: true
    case .never: false
    case .bit(let bits, let offset): info.has(bits, at: offset)
    case .nonzero(let number): number.value(info) != 0
    case .nonzeroOrBit(let number, let bits, let offset):
      number.value(info) != 0 || info.has(bits, at: offset)
    case .equals(let number, let other): number.value(info) == other
    case .differs(let number, let other): number.value(info) != other
    case .spans(let first, let last):
      first.value(info) != 0 || last.value(info) != last.maximum
    }
  }
}

/// How an option's value is written: what stands behind the option's name, the blank included.
struct Value: Sendable {
  let write: Extension.Writer

  init(_ write: @escaping Extension.Writer) { self.write = write }

  static func number(_ number: Number) -> Value {
    Value { info, line in line.word(number: number.value(info)) }
  }

  /// A number of 32 bits, printed as one with a sign.
  static func signed(_ offset: Int) -> Value {
    Value { info, line in
      let number = Int32(truncatingIfNeeded: info.u32(offset))
      line.append(number < 0 ? " -" : " ")
      line.append(number: UInt64(number.magnitude))
    }
  }

  static func range(_ first: Number, _ last: Number, separator: StaticString = ":") -> Value {
    Value { info, line in
      line.word(range: first.value(info), last.value(info), separator: separator)
    }
  }

  static func hexadecimal(_ number: Number, digits: Int = 1) -> Value {
    Value { info, line in line.word(hexadecimal: number.value(info), digits: digits) }
  }

  /// `0x1/0xff`; without a mask of all bits, unless that is always written.
  static func mark(_ mark: Number, mask: Number, always: Bool = false) -> Value {
    Value { info, line in
      let bits = mask.value(info)
      if !always, bits == mask.maximum { return line.word(hexadecimal: mark.value(info)) }
      line.word(mark: mark.value(info), mask: bits)
    }
  }

  /// A C string as it is, in a field of that size.
  static func text(_ offset: Int, size: Int) -> Value {
    Value { info, line in line.word(info, text: offset, size: size) }
  }

  /// A C string in quotes, where it needs them.
  static func quoted(_ offset: Int, size: Int) -> Value {
    Value { info, line in
      line.quotedWord(info.extracting(info.text(offset, size: size)))
    }
  }

  /// An address of the rule's family.
  static func address(_ offset: Int) -> Value {
    Value { info, line in line.word(info.address(line.family, offset)) }
  }

  /// An address, and its mask if that hasn't all bits.
  static func network(_ offset: Int, mask: Int) -> Value {
    Value { info, line in
      line.word(info.address(line.family, offset), mask: info.address(line.family, mask))
    }
  }

  /// The names of the bits that are set; `none` where no bit is.
  static func bits(_ number: Number, _ names: Names, none: StaticString = "") -> Value {
    Value { info, line in
      let bits = number.value(info)
      if bits == 0 { line.word(none) } else { line.word(bits: bits, names) }
    }
  }

  static func both(_ first: Value, _ second: Value) -> Value {
    Value { info, line in
      first.write(info, &line)
      second.write(info, &line)
    }
  }

  /// The number's name; the struct is unknown where it has none.
  static func name(_ number: Number, _ names: Names) -> Value {
    Value { info, line in line.word(name: number.value(info), names) }
  }
}

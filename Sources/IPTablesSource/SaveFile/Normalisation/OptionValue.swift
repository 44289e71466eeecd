internal import Netfilter

/// How iptables-save writes the words behind an option.
struct OptionValue: Sendable {
  /// The words as they are written, with a blank before each; nil where they aren't understood.
  let text: @Sendable (_ words: [Word], IPFamily) -> [UInt8]?

  /// One word, of which `text` makes what is written.
  static func word(_ text: @escaping @Sendable (Word, IPFamily) -> String?) -> OptionValue {
    OptionValue { words, family in
      guard words.count == 1 else { return nil }
      return text(words[0], family).map { Array(" \($0)".utf8) }
    }
  }

  /// No word; `text` is written in place of one, with a blank before it.
  static func constant(_ text: String) -> OptionValue {
    OptionValue { words, _ in words.isEmpty ? Array(text.utf8) : nil }
  }

  static let nothing = constant("")

  /// One word of any bytes: in quotes unless it is made of letters, digits, `_` and `-`.
  ///
  /// C counterpart: `xtables_save_string`.
  static let quoted = OptionValue { words, _ in
    words.count == 1 ? [UInt8(ascii: " ")] + words[0].bytes.quoted : nil
  }

  /// One word of any bytes, as it is.
  static let bytes = OptionValue { words, _ in
    words.count == 1 ? [UInt8(ascii: " ")] + words[0].bytes : nil
  }

  // MARK: - Numbers

  /// A number as C writes it: decimal, hexadecimal after `0x`, octal after `0`.
  static func number(from minimum: UInt32 = 0, to maximum: UInt32 = .max) -> OptionValue {
    word { word, _ in
      guard let number = UInt32(asInC: word.bytes), (minimum...maximum).contains(number)
      else { return nil }
      return String(number)
    }
  }

  /// A number of 32 bits, which iptables-save prints as if it had a sign.
  static let signed = word { word, _ in
    UInt32(asInC: word.bytes).map { String(Int32(bitPattern: $0)) }
  }

  /// One number of 32 bits or a range, whose ends may be left out: `3`, `3:9`, `:9` or `3:`.
  static let numberRange = word { word, _ in word.range(UInt32.self) }

  /// The same of ports. iptables also takes, holds and saves `90:80`, which is no port.
  static let ports = word { word, _ in word.range(UInt16.self) }

  /// Ports and ranges of them, between commas.
  static let portList = word { word, _ in
    let parts = word.split(",").map { $0.range(UInt16.self) }
    return parts.contains(nil) ? nil : parts.compactMap { $0 }.joined(separator: ",")
  }

  /// `value` or `value/mask`, of whose mask (nil where there is none) `text` makes what is written.
  static func mark(
    _ text: @escaping @Sendable (_ value: UInt32, _ mask: UInt32?) -> String?
  ) -> OptionValue {
    word { word, _ in
      let parts = word.split("/", maxSplits: 1).map { UInt32(asInC: $0.bytes) }
      guard let value = parts[0] else { return nil }
      guard parts.count == 2 else { return text(value, nil) }
      return parts[1].flatMap { text(value, $0) }
    }
  }

  /// A number from 0 to 1, which the kernel holds in units of 2^-31, with 11 decimals.
  static let probability = word { word, _ in
    guard let value = Double(word.text), (0...1).contains(value) else { return nil }
    return decimals(ofProbability: UInt64((value * 0x1p31).rounded()))
  }

  /// Rounded from the exact value, to even where it lies between two.
  private static func decimals(ofProbability probability: UInt64) -> String {
    // 10^11 / 2^31 is 5^11 / 2^20.
    let exact = probability * 48_828_125
    var decimals = exact >> 20
    let rest = exact & 0xf_ffff
    if rest > 0x8_0000 || rest == 0x8_0000 && decimals & 1 == 1 { decimals += 1 }
    let (whole, fraction) = decimals.quotientAndRemainder(dividingBy: 100_000_000_000)
    let digits = String(fraction)
    return "\(whole)." + String(repeating: "0", count: 11 - digits.count) + digits
  }

  /// A rate of packets: `3/hour`, whose unit may be given by its beginning, or not, as seconds.
  ///
  /// The kernel holds the mean time between packets, of which iptables-save prints the rate again.
  static let rate = word { word, _ in
    let parts = word.split("/", maxSplits: 1)
    let given = parts.count == 2 ? parts[1].text.lowercased() : "second"
    guard !given.isEmpty, let unit = units.first(where: { $0.name.hasPrefix(given) }),
      let rate = UInt32(asInC: parts[0].bytes), rate > 0, rate <= unit.length
    else { return nil }
    return text(ofInterval: unit.length / rate)
  }

  /// In the shortest unit of time that gives the rate better than a longer one.
  ///
  /// C counterpart: `print_rate` of libxt_limit.
  private static func text(ofInterval interval: UInt32) -> String {
    var unit = units[0]
    for shorter in units.dropFirst() {
      let (rate, rest) = shorter.length.quotientAndRemainder(dividingBy: interval)
      if interval > shorter.length || rate < rest { break }
      unit = shorter
    }
    return "\(unit.length / interval)/\(unit.written)"
  }

  /// In the kernel's units of 0.1 ms.
  private static let units: [(length: UInt32, name: String, written: String)] = [
    (864_000_000, "day", "day"), (36_000_000, "hour", "hour"), (600_000, "minute", "min"),
    (10_000, "second", "sec"),
  ]

  // MARK: - Names

  /// Names between commas, in whichever case, which are written in this order.
  ///
  /// - Parameters:
  ///   - none: The name of none of them, if it has one.
  ///   - all: The name of all of them, if they have one.
  static func list(_ names: [String], none: String? = nil, all: String? = nil) -> OptionValue {
    word { word, _ in
      var given: Set<String> = []
      for part in word.split(",") {
        let name = part.text.uppercased()
        if name == all {
          given.formUnion(names)
        } else if name != none {
          guard names.contains(name) else { return nil }
          given.insert(name)
        }
      }
      return given.isEmpty ? none : names.filter(given.contains).joined(separator: ",")
    }
  }

  /// One of the names, in whichever case, and what is written for it.
  static func name(_ names: [String: String]) -> OptionValue {
    word { word, _ in names[word.text.lowercased()] }
  }

  /// Two lists of the TCP's flags: those that are looked at, and those of them that must be set.
  static let flags = OptionValue { words, family in
    guard words.count == 2, let mask = flagList.text([words[0]], family),
      let set = flagList.text([words[1]], family)
    else { return nil }
    return mask + set
  }

  private static let flagList = list(
    ["FIN", "SYN", "RST", "PSH", "ACK", "URG"], none: "NONE", all: "ALL")

  /// An IP protocol, which is written as a number.
  static let protocolNumber = word { word, _ in
    (try? ProtocolNames.number(of: word)).map { String($0) }
  }

  // MARK: - Addresses

  static let address = word { word, family in (try? word.address(family))?.numericText }

  /// An address and its mask, which isn't written where it has all bits.
  static let network = word { word, family in
    guard let (address, mask) = try? word.addressAndMask(family) else { return nil }
    return mask == family.fullMask
      ? address.numericText : "\(address.numericText)/\(mask.maskText)"
  }
}

extension Word {
  /// One number, or both ends of a range; nil where the word is neither.
  fileprivate func range<Value: FixedWidthInteger>(_: Value.Type) -> String? {
    let ends = split(":", maxSplits: 1)
    guard ends.count == 2 else { return Value(asInC: bytes).map { "\($0)" } }
    guard let first = ends[0].bytes.isEmpty ? 0 : Value(asInC: ends[0].bytes),
      let last = ends[1].bytes.isEmpty ? .max : Value(asInC: ends[1].bytes)
    else { return nil }
    return first == last ? "\(first)" : "\(first):\(last)"
  }
}

extension Collection<UInt8> {
  fileprivate var quoted: [UInt8] {
    if !isEmpty, allSatisfy(\.needsNoQuotes) { return Array(self) }
    let quote = UInt8(ascii: "\"")
    let escaped = flatMap { "\"\\'".utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
    return [quote] + escaped + [quote]
  }
}

extension UInt8 {
  fileprivate var needsNoQuotes: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

extension UInt32 {
  /// As `%#x` has it, but for `0x0`.
  var hexadecimal: String { "0x" + String(self, radix: 16) }
}

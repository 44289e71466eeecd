internal import Netfilter
internal import XTables

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

  /// One word, of which `write` makes what is written; false where it isn't understood.
  static func written(
    by write: @escaping @Sendable (Word, inout LineWriter) -> Bool
  ) -> OptionValue {
    OptionValue { words, family in
      var line = LineWriter(family: family)
      guard words.count == 1, write(words[0], &line) else { return nil }
      return line.bytes
    }
  }

  /// No word; `text` is written in place of one, with a blank before it.
  static func constant(_ text: String) -> OptionValue {
    OptionValue { words, _ in words.isEmpty ? Array(text.utf8) : nil }
  }

  static let nothing = constant("")

  /// One word of any bytes, in quotes where it needs them.
  static let quoted = written { word, line in
    line.quotedWord(word.bytes.span)
    return true
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

  /// `value` or `value/mask`, of which `write` makes what is written; the mask is nil where there is none.
  static func mark(
    _ write: @escaping @Sendable (_ value: UInt32, _ mask: UInt32?, inout LineWriter) -> Bool
  ) -> OptionValue {
    written { word, line in
      let parts = word.split("/", maxSplits: 1).map { UInt32(asInC: $0.bytes) }
      guard let value = parts[0] else { return false }
      guard parts.count == 2 else { return write(value, nil, &line) }
      return parts[1].map { write(value, $0, &line) } ?? false
    }
  }

  /// A number from 0 to 1, which the kernel holds in units of 2^-31, with 11 decimals.
  static let probability = written { word, line in
    guard let value = Double(word.text), (0...1).contains(value) else { return false }
    line.word(probability: UInt64((value * 0x1p31).rounded()))
    return true
  }

  /// A rate of packets: `3/hour`, whose unit may be given by its beginning, or not, as seconds.
  ///
  /// The kernel holds the mean time between packets, of which iptables-save prints the rate again.
  static let rate = written { word, line in
    let parts = word.split("/", maxSplits: 1)
    let given = parts.count == 2 ? parts[1].text.lowercased() : "second"
    guard !given.isEmpty, let unit = units.first(where: { $0.name.hasPrefix(given) }),
      let rate = UInt32(asInC: parts[0].bytes), rate > 0, rate <= unit.length
    else { return false }
    line.word(period: UInt64(unit.length / rate), second: 10_000)
    return true
  }

  /// In the kernel's units of 0.1 ms.
  private static let units: [(length: UInt32, name: String)] = [
    (864_000_000, "day"), (36_000_000, "hour"), (600_000, "minute"), (10_000, "second"),
  ]

  // MARK: - Names

  /// Names between commas, in whichever case, which are written in this order.
  ///
  /// - Parameters:
  ///   - none: The name of none of them, if it has one.
  ///   - all: The name of all of them, if they have one.
  static func list(
    _ names: some Sequence<Names.Element>, none: String? = nil, all: String? = nil
  ) -> OptionValue {
    let names = names.map(\.value.description)
    return word { word, _ in
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

  private static let flagList = list(OptionNames.tcpFlags, none: "NONE", all: "ALL")

  /// An IP protocol, which is written as a number.
  static let protocolNumber = word { word, _ in
    (try? word.protocolNumber()).map { String($0) }
  }

  // MARK: - Addresses

  static let address = written { word, line in
    guard let address = try? word.address(line.family) else { return false }
    line.word(address)
    return true
  }

  /// An address and its mask, which isn't written where it has all bits.
  static let network = written { word, line in
    guard let (address, mask) = try? word.addressAndMask(line.family) else { return false }
    line.word(address, mask: mask)
    return true
  }

  /// What DNAT and SNAT translate to: `10.0.0.1-10.0.0.9:80-90`, `:80`, `[fd00::1]:80` or `fd00::1`.
  static let translation = written { word, line in
    let text = word.bytes.span
    guard let range = AddressTranslation(text, 0..<text.count), range.firstPort <= range.lastPort,
      !range.hasAddress || range.first.family == line.family
    else { return false }
    line.word(range)
    return true
  }

  /// What MASQUERADE and REDIRECT translate to: `80`, `80-90` or `80-90/100`.
  static let translatedPorts = written { word, line in
    let text = word.bytes.span
    guard let range = AddressTranslation(ports: 0..<text.count, in: text),
      range.firstPort <= range.lastPort
    else { return false }
    line.word(portsOf: range)
    return true
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

internal import Netfilter
internal import Platform

/// A word of a line: what it says, with quotes and escapes undone, and where it stands.
struct Word {
  let bytes: ArraySlice<UInt8>
  /// Whether any of it was quoted: `"!"` and `"-s"` are values, `!` and `-s` are not.
  let isQuoted: Bool
  /// Where it stands in the file, quotes included.
  let range: Range<Int>

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// `!`, which inverts what follows it.
  var isNegation: Bool { !isQuoted && bytes.count == 1 && bytes.first == UInt8(ascii: "!") }

  /// Whether it looks like an option: `-s`, `--dport`.
  var isOption: Bool { !isQuoted && bytes.count > 1 && bytes.first == UInt8(ascii: "-") }

  /// The parts between separators, empty ones included, as words.
  func split(_ separator: Unicode.Scalar, maxSplits: Int = .max) -> [Word] {
    bytes.split(
      separator: UInt8(ascii: separator), maxSplits: maxSplits, omittingEmptySubsequences: false
    ).map { Word(bytes: $0, isQuoted: isQuoted, range: range) }
  }

  /// The error that this word is not `what`.
  func isNot(_ what: String) -> Malformation {
    Malformation("'\(bytes.printable(atMost: 60))' is not \(what)")
  }
}

/// Takes the words of a line one after the other.
struct WordCursor {
  let words: [Word]
  /// The index of the next word.
  var position = 0

  init(_ words: [Word]) { self.words = words }

  var isAtEnd: Bool { position == words.count }

  /// The word `distance` after the next, which is not taken; nil after the end.
  func peek(_ distance: Int = 0) -> Word? {
    let index = position + distance
    return index < words.count ? words[index] : nil
  }

  mutating func next() -> Word? {
    guard let word = peek() else { return nil }
    position += 1
    return word
  }

  /// Takes a `!` where one stands next, and tells whether it did.
  mutating func takeNegation() -> Bool {
    guard let word = peek(), word.isNegation else { return false }
    position += 1
    return true
  }

  /// The value of `option`.
  mutating func value(of option: Word) throws(Malformation) -> Word {
    guard let word = next() else { throw Malformation("\(option.text) without its value") }
    return word
  }
}

/// What is wrong with a line of a saved file, before it is known which line.
struct Malformation: Error {
  let cause: String

  init(_ cause: String) { self.cause = cause }

  /// The error as the reader's caller sees it: with the line's number, counted from 1, and as much
  /// of its text as is fit to be shown.
  func located(at number: Int, in line: ArraySlice<UInt8>) -> ReadingError {
    ReadingError(
      operation: .parseLine(number: number, text: line.printable(atMost: 200)), cause: cause)
  }
}

extension ArraySlice<UInt8> {
  /// The first `limit` bytes as one line of text; what is not UTF-8 or not printable is replaced.
  func printable(atMost limit: Int) -> String {
    var text = ""
    for scalar in String(decoding: prefix(limit), as: UTF8.self).unicodeScalars {
      text.unicodeScalars.append(scalar.isHidden ? "\u{FFFD}" : scalar)
    }
    return count > limit ? text + "…" : text
  }
}

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

  /// The number of an IP protocol that is given by its name or number; 0 is `all`.
  func protocolNumber() throws(Malformation) -> UInt8 {
    let name = text.lowercased()
    let known = UInt8(asInC: bytes) ?? ProtocolName.number(named: name) ?? Self.otherProtocols[name]
    if let known { return known }
    throw isNot("a protocol")
  }

  /// Names that iptables reads and doesn't write: its own, and those of IANA's list.
  private static let otherProtocols: [String: UInt8] = [
    "all": 0, "ip": 0, "hopopt": 0, "ipv4": 4, "cbt": 7, "bbn-rcc": 10, "nvp": 11, "argus": 13,
    "emcon": 14, "xnet": 15, "chaos": 16, "mux": 18, "dcn": 19, "prm": 21, "trunk-1": 23,
    "trunk-2": 24, "leaf-1": 25, "leaf-2": 26, "irtp": 28, "netblt": 30, "mfe-nsp": 31,
    "merit-inp": 32, "3pc": 34, "idpr": 35, "tp++": 39, "il": 40, "sdrp": 42, "dsr": 48, "bna": 49,
    "ipv6-crypt": 50, "ipv6-auth": 51, "i-nlsp": 52, "swipe": 53, "narp": 54, "mobile": 55,
    "tlsp": 56, "icmpv6": 58, "icmp6": 58, "cftp": 62, "sat-expak": 64, "kryptolan": 65, "rvd": 66,
    "ippc": 67, "sat-mon": 69, "visa": 70, "ipcv": 71, "cpnx": 72, "cphb": 73, "wsn": 74, "pvp": 75,
    "br-sat-mon": 76, "sun-nd": 77, "wb-mon": 78, "wb-expak": 79, "iso-ip": 80, "secure-vmtp": 82,
    "vines": 83, "ttp": 84, "iptm": 84, "nsfnet-igp": 85, "dgp": 86, "tcf": 87, "ospfigp": 89,
    "sprite-rpc": 90, "larp": 91, "mtp": 92, "micp": 95, "scc-sp": 96, "gmtp": 100, "ifmp": 101,
    "pnni": 102, "aris": 104, "scps": 105, "qnx": 106, "a/n": 107, "snp": 109, "compaq-peer": 110,
    "ipx-in-ip": 111, "carp": 112, "pgm": 113, "ddx": 116, "iatp": 117, "stp": 118, "srp": 119,
    "uti": 120, "smp": 121, "sm": 122, "ptp": 123, "fire": 125, "crtp": 126, "crudp": 127,
    "sscopmce": 128, "iplt": 129, "sps": 130, "pipe": 131, "rsvp-e2e-ignore": 134, "ipv6-mh": 135,
    "mh": 135,
  ]
}

extension FixedWidthInteger {
  /// Nil where the text is empty, not all digits, or too large.
  init?(decimal text: ArraySlice<UInt8>) {
    guard let value: Self = text.span.number(in: 0..<text.count) else { return nil }
    self = value
  }

  /// A number as C writes it: decimal, hexadecimal after `0x`, octal after `0`; else nil.
  init?(asInC text: ArraySlice<UInt8>) {
    guard text.count > 1, text.first == UInt8(ascii: "0") else {
      self.init(decimal: text)
      return
    }
    let isHexadecimal = text.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x")
    let digits = text.dropFirst(isHexadecimal ? 2 : 1)
    // A sign is no digit.
    guard let first = digits.first, !"+-".utf8.contains(first) else { return nil }
    self.init(String(decoding: digits, as: UTF8.self), radix: isHexadecimal ? 16 : 8)
  }
}

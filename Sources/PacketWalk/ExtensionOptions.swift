internal import Netfilter

/// A match or a target of a rule, and its options.
struct ExtensionOptions {
  let name: String
  private let options: [Option]
  /// The share of packets that `-m statistic` lets match; nil where that isn't known, or it is another match.
  private(set) var statisticShare: Double?

  struct Option {
    let name: String
    let isInverted: Bool
    /// The values, of most options one. Quotes stand where they stand in the line.
    let values: [String]

    var value: String { values.first ?? "" }

    /// The parts of a value that commas separate.
    var parts: [String] { value.split(separator: ",").map(String.init) }
  }

  /// Reads the options that follow a match's or a target's name.
  init(_ element: LineElement, _ line: Span<UInt8>, _ elements: inout LineElements) {
    name = String(decoding: line.bytes(in: element.name), as: UTF8.self)
    var options: [Option] = []
    var end = elements
    while let option = elements.next(line), option.kind == .option {
      end = elements
      if name == "statistic", statisticShare == nil { statisticShare = line.statisticShare(option) }
      // A comment describes. Nobody asks for its text.
      if name != "comment" { options.append(Option(option, line)) }
    }
    elements = end
    self.options = options
  }

  /// The option of that name; nil where it isn't given.
  subscript(name: String) -> Option? { options.first { $0.name == name } }

  /// Whether there are options of other names.
  func hasOthers(than names: Set<String>) -> Bool { options.contains { !names.contains($0.name) } }

  var areAllInverted: Bool { options.allSatisfy(\.isInverted) }

  /// Whether a condition holds, inverted or not; yes where the option isn't given.
  func holds(_ name: String, _ condition: (Option) -> Truth) -> Truth {
    guard let option = self[name] else { return .yes }
    return option.isInverted ? !condition(option) : condition(option)
  }

  /// Unknown where the option is given.
  func unless(_ name: String) -> Truth { self[name] == nil ? .yes : .unknown }
}

extension ExtensionOptions.Option {
  fileprivate init(_ option: LineElement, _ line: Span<UInt8>) {
    name = String(decoding: line.bytes(in: option.name), as: UTF8.self)
    isInverted = option.isInverted
    values = line.bytes(in: option.values).split(separator: UInt8(ascii: " "))
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// A number, or the two ends of a range: `80`, `80:90`.
  func contains(_ port: UInt16?) -> Truth { Self.isPort(port, in: value) }

  /// Whether a port is one of several: `80,90:99`.
  func containsAmongParts(_ port: UInt16?) -> Truth {
    parts.reduce(.no) { $0 || Self.isPort(port, in: $1) }
  }

  private static func isPort(_ port: UInt16?, in range: String) -> Truth {
    let ends = range.split(separator: ":", omittingEmptySubsequences: false)
    guard let port, let first = ends.first.map({ $0.isEmpty ? 0 : UInt16($0) }) ?? nil,
      let last = ends.last.map({ $0.isEmpty ? UInt16.max : UInt16($0) }) ?? nil
    else { return .unknown }
    return Truth(first <= port && port <= last)
  }

  /// `10.0.0.0/8`; nil where it is none.
  var network: AddressMatch? {
    let bytes = Array(value.utf8)
    return AddressMatch(bytes.span, bytes.indices, inverted: false)
  }

  /// `10.0.0.1:80`; nil where it is none.
  var translation: AddressTranslation? {
    let bytes = Array(value.utf8)
    return AddressTranslation(bytes.span, bytes.indices)
  }

  /// `80-90`; nil where it is none.
  var ports: AddressTranslation? {
    let bytes = Array(value.utf8)
    return AddressTranslation(ports: bytes.indices, in: bytes.span)
  }

  /// `0x4000/0x4000`; nil where it is no mark.
  var mark: MaskedMark? { MaskedMark(value) }

  /// Whether it names the protocol.
  func isProtocol(_ number: UInt8) -> Truth {
    let bytes = Array(value.utf8)
    return bytes.span.protocolNumber(bytes.indices).map { Truth($0 == number) } ?? .unknown
  }
}

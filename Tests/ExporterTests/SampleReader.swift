/// Reads one line of an exposition: `name{label="value",…} number`.
struct SampleReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ line: String) { bytes = Array(line.utf8) }

  /// The sample; nil where the line is none.
  mutating func sample() -> (series: Scrape.Series, value: Double)? {
    guard let name = name(allowingColon: true) else { return nil }
    var labels: Scrape.Labels = [:]
    if take("{") {
      repeat {
        guard let label = self.name(allowingColon: false), take("="), let value = quoted(),
          labels.updateValue(value, forKey: label) == nil
        else { return nil }
      } while take(",")
      guard take("}") else { return nil }
    }
    guard take(" "), let value = number() else { return nil }
    return (Scrape.Series(name: name, labels: labels), value)
  }

  private mutating func name(allowingColon: Bool) -> String? {
    let start = position
    while position < bytes.count, isNameByte(bytes[position], allowingColon) { position += 1 }
    guard position > start, !isDigit(bytes[start]) else { return nil }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private func isNameByte(_ byte: UInt8, _ allowingColon: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      true
    case UInt8(ascii: ":"): allowingColon
    default: isDigit(byte)
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func quoted() -> String? {
    guard take("\"") else { return nil }
    var value: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let character = escaped() else { return nil }
        value.append(character)
      default: value.append(byte)
      }
    }
    return nil
  }

  private mutating func escaped() -> UInt8? {
    if take("\\") { return UInt8(ascii: "\\") }
    if take("\"") { return UInt8(ascii: "\"") }
    return take("n") ? UInt8(ascii: "\n") : nil
  }

  /// The number that the rest of the line is.
  private func number() -> Double? {
    let text = String(decoding: bytes[position...], as: UTF8.self)
    switch text {
    case "NaN": return .nan
    case "+Inf": return .infinity
    case "-Inf": return -.infinity
    default: return text.first.map { $0.isNumber || $0 == "-" } == true ? Double(text) : nil
    }
  }
}

/// Writes the samples of one family.
public struct SampleWriter: Sendable {
  private(set) var bytes: [UInt8]
  private let name: [UInt8]
  /// The name and the opening brace.
  private let opening: [UInt8]

  init(name: String, bytes: [UInt8]) {
    self.name = Array(name.utf8)
    self.opening = self.name + [UInt8(ascii: "{")]
    self.bytes = bytes
  }

  /// Writes a sample with a whole number.
  public mutating func sample(
    _ labels: LabelSet, and more: LabelSet = .none, _ value: some BinaryInteger
  ) {
    write(labels, more)
    append(value)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Writes a sample with any number.
  public mutating func sample(
    _ labels: LabelSet, and more: LabelSet = .none, _ value: Double
  ) {
    write(labels, more)
    bytes.append(contentsOf: Self.text(of: value).utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func write(_ labels: LabelSet, _ more: LabelSet) {
    if labels.bytes.isEmpty && more.bytes.isEmpty {
      bytes.append(contentsOf: name)
      bytes.append(UInt8(ascii: " "))
      return
    }
    bytes.append(contentsOf: opening)
    bytes.append(contentsOf: labels.bytes)
    if !more.bytes.isEmpty {
      if !labels.bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: more.bytes)
    }
    bytes.append(UInt8(ascii: "}"))
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func append(_ value: some BinaryInteger) {
    if let digit = UInt8(exactly: value), digit < 10 {
      bytes.append(UInt8(ascii: "0") + digit)
    } else {
      bytes.append(contentsOf: String(value).utf8)
    }
  }

  private static func text(of value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return "\(value)"
  }
}

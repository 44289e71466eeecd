/// Labels of a sample, rendered once: a service port's are the same in a dozen families, at every
/// scrape.
public struct LabelSet: Sendable, Hashable {
  /// `name="value",…`, without braces.
  let bytes: [UInt8]

  /// Renders names and values, in the order given. Values may hold anything; names must be valid.
  public init(_ pairs: KeyValuePairs<String, String>) {
    var bytes: [UInt8] = []
    // Labels are kept for long, and by the thousands: growing would leave room for more.
    bytes.reserveCapacity(pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 4 })
    for (name, value) in pairs {
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "=\"".utf8)
      Self.appendEscaped(value, to: &bytes)
      bytes.append(UInt8(ascii: "\""))
    }
    self.bytes = bytes
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// No labels.
  public static let none = LabelSet(bytes: [])

  /// These labels and, after them, others.
  public func appending(_ other: LabelSet) -> LabelSet {
    if bytes.isEmpty { return other }
    return LabelSet(bytes: bytes + [UInt8(ascii: ",")] + other.bytes)
  }

  private static func appendEscaped(_ value: String, to bytes: inout [UInt8]) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
      case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
      default: bytes.append(byte)
      }
    }
  }
}

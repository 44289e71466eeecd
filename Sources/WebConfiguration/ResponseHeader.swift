/// A header field that the configuration adds to responses.
public struct ResponseHeader: Sendable, Hashable {
  public let name: String
  public let value: String

  /// The fields that may be added; with values where only those are allowed.
  ///
  /// Counterpart: exporter-toolkit's `extraHTTPHeaders`.
  static let allowed: [String: [String]] = [
    "Content-Security-Policy": [],
    "Strict-Transport-Security": [],
    "X-Content-Type-Options": ["nosniff"],
    "X-Frame-Options": ["deny", "sameorigin"],
    "X-XSS-Protection": [],
  ]

  /// Reads the field of a name and value; `nil` where the value is blank, which unsets it.
  ///
  /// - Throws: ``TextFault`` where the field is not allowed, or its value would not be one value.
  static func parse(
    name: Positioned<String>, value: Positioned<String>
  ) throws(TextFault) -> ResponseHeader? {
    guard let values = allowed[name.value] else {
      let known = allowed.keys.sorted().joined(separator: ", ")
      throw TextFault(
        at: name.position, "the header \"\(name.value)\" can't be configured (known: \(known))")
    }
    if value.value.isEmpty { return nil }
    // A line break would begin another header field.
    guard value.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
      throw TextFault(at: value.position, "the header \(name.value) has a control character")
    }
    guard values.isEmpty || values.contains(value.value) else {
      throw TextFault(
        at: value.position,
        "the header \(name.value) can't be \"\(value.value)\" "
          + "(known: \(values.joined(separator: ", ")))")
    }
    return ResponseHeader(name: name.value, value: value.value)
  }
}

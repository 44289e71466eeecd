/// An element of a header field in which a client lists what it accepts, such as `gzip;q=0.5`.
///
/// Names and values are compared without regard to case, so they are in lower case here.
///
/// Counterpart: RFC 9110, sections 5.6.6 and 12.4.2.
public struct AcceptedValue {
  /// What the client accepts: a media range, or a coding.
  public let name: String

  /// The parameters by their names, the weight included.
  public let parameters: [String: String]

  /// How much the client prefers it: 1 without a parameter `q`, 0 if `q` can't be read.
  ///
  /// Weights should be between 0 and 1, but a client may send any number.
  public var weight: Double {
    parameters["q"].map { Double($0) ?? 0 } ?? 1
  }

  /// The elements of a header field, in their order; none without a field.
  public static func list(_ field: String?) -> [AcceptedValue] {
    (field ?? "").split(separator: ",").compactMap { AcceptedValue($0.lowercased()) }
  }

  private init?(_ element: String) {
    let parts = element.split(separator: ";").map(\.trimmed)
    guard let name = parts.first, !name.isEmpty else { return nil }
    self.name = String(name)
    var parameters: [String: String] = [:]
    for part in parts.dropFirst() {
      guard let equals = part.firstIndex(of: "=") else { continue }
      let value = part[part.index(after: equals)...].trimmed
      parameters[String(part[..<equals].trimmed)] = String(value)
    }
    self.parameters = parameters
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let start = drop(while: isSpace)
    return start[..<(start.lastIndex { !isSpace($0) }.map(start.index(after:)) ?? start.startIndex)]
  }
}

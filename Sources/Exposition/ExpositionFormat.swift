/// A format in which Prometheus takes metrics.
public enum ExpositionFormat: Sendable, Hashable, CaseIterable {
  /// Prometheus' text format 0.0.4.
  case text
  /// OpenMetrics 1.0.0.
  case openMetrics

  /// The value of the header field `Content-Type`.
  public var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// The bytes at the end of an exposition: OpenMetrics has an end mark.
  public var trailer: [UInt8] {
    switch self {
    case .text: []
    case .openMetrics: Array("# EOF\n".utf8)
    }
  }

  /// Chooses the format that a request's `Accept` header prefers, and its content type.
  ///
  /// The highest weight wins; of equal weights the first one does. A client gets OpenMetrics only
  /// if it names it, in version 1.0.0 or any. It gets the text format if it names neither.
  ///
  /// The content type repeats the scheme by which names are escaped, if the request has a known
  /// one. All names here are the same in each scheme. Counterpart: Prometheus' content negotiation.
  public static func negotiate(
    accept: String?
  ) -> (format: ExpositionFormat, contentType: String) {
    var best = (format: ExpositionFormat.text, weight: 0.0, scheme: String?.none)
    for range in AcceptedValue.list(accept) where range.weight > best.weight {
      guard let format = ExpositionFormat(mediaRange: range) else { continue }
      best = (format, range.weight, range.parameters["escaping"])
    }
    guard let scheme = best.scheme, escapingSchemes.contains(scheme) else {
      return (best.format, best.format.contentType)
    }
    return (best.format, best.format.contentType + "; escaping=\(scheme)")
  }

  private static let escapingSchemes: Set = ["allow-utf-8", "dots", "underscores", "values"]

  /// The format that a media range of an `Accept` header asks for; nil if it asks for another one.
  private init?(mediaRange range: AcceptedValue) {
    switch (range.name, range.parameters["version"]) {
    case ("application/openmetrics-text", nil), ("application/openmetrics-text", "1.0.0"):
      self = .openMetrics
    case ("text/plain", nil), ("text/plain", "0.0.4"), ("text/*", _), ("*/*", _): self = .text
    default: return nil
    }
  }
}

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

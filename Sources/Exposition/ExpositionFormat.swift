/// A format in which Prometheus takes metrics.
public enum ExpositionFormat: Sendable, Hashable, CaseIterable {
  /// Prometheus' text format 0.0.4.
  case text
  /// OpenMetrics 1.0.0.
  case openMetrics

  public var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// What ends an exposition: nothing, or OpenMetrics' end mark.
  public var trailer: [UInt8] {
    switch self {
    case .text: []
    case .openMetrics: Array("# EOF\n".utf8)
    }
  }

  /// The format that a request's `Accept` header prefers; the text format where it names neither.
  ///
  /// Quality values count, then the order in the header. OpenMetrics is served only to those who ask
  /// for it by name, in version 1.0.0 or any.
  public init(accept: String?) { self = Self.negotiate(accept: accept).format }

  /// The format that a request's `Accept` header prefers, and the content type to answer with.
  ///
  /// That names the scheme by which names are escaped, where the request names one that is known. All
  /// names here are the same in each of them. Counterpart: Prometheus' content negotiation.
  public static func negotiate(
    accept: String?
  ) -> (format: ExpositionFormat, contentType: String) {
    var best = Range(format: .text, quality: 0)
    for text in (accept ?? "").split(separator: ",") {
      guard let range = parse(text), range.quality > best.quality else { continue }
      best = range
    }
    let escaping = best.escaping.map { "; escaping=\($0)" } ?? ""
    return (best.format, best.format.contentType + escaping)
  }

  private static let escapingSchemes: Set = ["allow-utf-8", "dots", "underscores", "values"]

  /// One of the media ranges of an `Accept` header.
  private struct Range {
    let format: ExpositionFormat
    let quality: Double
    var escaping: String?
  }

  private static func parse(_ range: Substring) -> Range? {
    var parameters = range.split(separator: ";").map { $0.trimmed.lowercased() }
    guard !parameters.isEmpty else { return nil }
    let type = parameters.removeFirst()
    var quality = 1.0
    var version: String?
    var escaping: String?
    for parameter in parameters {
      let pair = parameter.split(separator: "=", maxSplits: 1).map { $0.trimmed }
      guard pair.count == 2 else { continue }
      switch pair[0] {
      case "q": quality = Double(pair[1]) ?? 0
      case "version": version = String(pair[1])
      case "escaping": escaping = String(pair[1])
      default: break
      }
    }
    escaping = escaping.flatMap { escapingSchemes.contains($0) ? $0 : nil }
    switch (type, version) {
    case ("application/openmetrics-text", nil), ("application/openmetrics-text", "1.0.0"):
      return Range(format: .openMetrics, quality: quality, escaping: escaping)
    case ("text/plain", nil), ("text/plain", "0.0.4"), ("text/*", _), ("*/*", _):
      return Range(format: .text, quality: quality, escaping: escaping)
    default:
      return nil
    }
  }
}

extension StringProtocol {
  fileprivate var trimmed: SubSequence {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let start = firstIndex(where: { !isSpace($0) }),
      let end = lastIndex(where: { !isSpace($0) })
    else { return self[startIndex..<startIndex] }
    return self[start...end]
  }
}

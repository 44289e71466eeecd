internal import ScrapeChecks

/// What a scraper asks for: the scrapers take turns between all of them.
enum ScrapeRequest: CaseIterable, Sendable {
  case text
  case openMetrics
  case compressedText
  case compressedOpenMetrics

  var format: Exposition.Format {
    switch self {
    case .text, .compressedText: .text
    case .openMetrics, .compressedOpenMetrics: .openMetrics
    }
  }

  var isCompressed: Bool { self == .compressedText || self == .compressedOpenMetrics }

  var accept: String {
    switch format {
    case .text: "text/plain;version=0.0.4"
    case .openMetrics: "application/openmetrics-text;version=1.0.0"
    }
  }

  /// How the answer's content type begins.
  var contentType: String {
    switch format {
    case .text: "text/plain; version=0.0.4"
    case .openMetrics: "application/openmetrics-text; version=1.0.0"
    }
  }
}

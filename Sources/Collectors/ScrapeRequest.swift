package import Exposition

/// What somebody asks for.
package struct ScrapeRequest: Sendable {
  package var format: ExpositionFormat
  /// The address of who asks: "since the last scrape" is counted for each.
  package var scraper: String
  /// `collect[]`: only these collectors; none means all.
  package var collect: [String]
  /// `exclude[]`: all but these collectors.
  package var exclude: [String]
  /// The time until the scraper gives up.
  package var timeout: Duration?
  /// Whether the answer reaches the scraper; where it does not (HEAD), its last scrape stays what it
  /// was.
  package var isAnswered: Bool

  package init(
    format: ExpositionFormat = .text, scraper: String, collect: [String] = [],
    exclude: [String] = [], timeout: Duration? = nil, isAnswered: Bool = true
  ) {
    self.format = format
    self.scraper = scraper
    self.collect = collect
    self.exclude = exclude
    self.timeout = timeout
    self.isAnswered = isAnswered
  }
}

/// Why a request can't be served as it stands.
package enum ScrapeError: Error, Sendable, Hashable, CustomStringConvertible {
  case unknownCollector(String)
  case disabledCollector(String)
  case collectAndExclude

  package var description: String {
    switch self {
    case .unknownCollector(let name): "there is no collector \"\(name)\""
    case .disabledCollector(let name): "the collector \"\(name)\" is switched off"
    case .collectAndExclude: "collect[] and exclude[] can't be combined"
    }
  }
}

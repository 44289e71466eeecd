public import Exposition

/// What somebody asks for.
public struct ScrapeRequest: Sendable {
  public var format: ExpositionFormat
  /// The address of who asks: "since the last scrape" is counted for each.
  public var scraper: String
  /// `collect[]`: only these collectors; none means all.
  public var collect: [String]
  /// `exclude[]`: all but these collectors.
  public var exclude: [String]
  /// The time until the scraper gives up.
  public var timeout: Duration?
  /// Whether the answer reaches the scraper; where it does not (HEAD), its last scrape stays what it
  /// was.
  public var isAnswered: Bool

  public init(
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
public enum ScrapeError: Error, Sendable, Hashable {
  case unknownCollector(String)
  case disabledCollector(String)
  case collectAndExclude
}

extension ScrapeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownCollector(let name): "there is no collector \"\(name)\""
    case .disabledCollector(let name): "the collector \"\(name)\" is switched off"
    case .collectAndExclude: "collect[] and exclude[] can't be combined"
    }
  }
}

package import Exposition
package import Tracking

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

/// What is collected, and for which service ports and rules.
package struct ExporterOptions: Sendable {
  /// The collectors that are on.
  package var collectors: Set<Collector>
  /// Which service ports have series of their own.
  package var selection: ServiceSelection
  /// Which rules have series of their own, where the collector `rules` is on.
  package var rules: RuleSelection
  /// Whether the exporter's own process is exported too.
  package var exportsProcess: Bool
  /// Whether each scraper is told what came since its last scrape. Where not, no scrape is remembered.
  package var comparesScrapes: Bool
  /// Whether OpenMetrics says of counters when they began, as far as that is known.
  package var exportsBeginnings: Bool
  package var build: BuildInformation

  package init(
    collectors: Set<Collector> = Collector.byDefault,
    selection: ServiceSelection = ServiceSelection(), rules: RuleSelection = RuleSelection(),
    exportsProcess: Bool = true, comparesScrapes: Bool = true, exportsBeginnings: Bool = false,
    build: BuildInformation
  ) {
    self.collectors = collectors
    self.selection = selection
    self.rules = rules
    self.exportsProcess = exportsProcess
    self.comparesScrapes = comparesScrapes
    self.exportsBeginnings = exportsBeginnings
    self.build = build
  }
}

/// What this binary was built from.
package struct BuildInformation: Sendable, Hashable {
  package let version: String
  package let revision: String
  package let swiftVersion: String

  package init(version: String, revision: String, swiftVersion: String) {
    self.version = version
    self.revision = revision
    self.swiftVersion = swiftVersion
  }
}

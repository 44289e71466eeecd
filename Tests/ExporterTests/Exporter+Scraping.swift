import Collectors
import Exposition
import IPTablesSource
import Logging
import TestSupport
import Tracking

extension ExporterOptions {
  /// What leaves out all that differs from one process to the next.
  static func plain(
    collectors: Set<Collector> = Collector.byDefault,
    selection: ServiceSelection = ServiceSelection(), rules: RuleSelection = RuleSelection()
  ) -> ExporterOptions {
    ExporterOptions(
      collectors: collectors, selection: selection, rules: rules, exportsProcess: false,
      build: BuildInformation(version: "1.2.3", revision: "abc", swiftVersion: "6.3"))
  }
}

extension ScrapeRequest {
  /// What asks for the connections only.
  static let connections = ScrapeRequest(scraper: "10.0.0.1", collect: ["connections"])
}

extension Exporter {
  /// An exporter without a log.
  convenience init(_ source: sending any RulesetSource, _ options: ExporterOptions = .plain()) {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    self.init(source: source, options: options, logger: logger)
  }

  /// An exporter of given readings.
  convenience init(steps: [[FamilyReading]], _ options: ExporterOptions = .plain()) {
    self.init(ScriptedSource(steps), options)
  }

  /// An exporter of given readings of a whole node.
  convenience init(readings: [RulesetReading], _ options: ExporterOptions = .plain()) {
    self.init(ScriptedSource(readings), options)
  }

  /// One exporter for rule sets that follow each other.
  convenience init(rulesets: [RulesetText], _ options: ExporterOptions = .plain()) throws {
    self.init(steps: try rulesets.map { [try FamilyReading($0)] }, options)
  }

  /// A scrape, parsed and checked; an answer that is no valid exposition is an error.
  func metrics(_ scraper: String = "10.0.0.1", isAnswered: Bool = true) async throws -> Scrape {
    try await metrics(ScrapeRequest(scraper: scraper, isAnswered: isAnswered))
  }

  func metrics(_ request: ScrapeRequest) async throws -> Scrape {
    try Scrape(parsing: await bytes(request), request.format)
  }

  /// A scrape's bytes.
  func bytes(_ request: ScrapeRequest) async throws -> [UInt8] {
    try await scrape(request).concatenated
  }
}

extension [[UInt8]] {
  /// All bytes in one array: `joined()` takes a debug build twenty times as long.
  var concatenated: [UInt8] { reduce(into: []) { $0 += $1 } }
}

import Exporter
import Exposition
import IPTablesSource
import Logging
import Netfilter
import TestSupport

/// A source whose readings are given: one after the other, the last for ever.
final class ScriptedSource: RulesetSource {
  private var steps: [[FamilyReading]]

  init(_ steps: [[FamilyReading]]) { self.steps = steps }

  func read(_: CounterSelection) -> RulesetReading {
    guard let step = steps.first else { return RulesetReading(families: []) }
    if steps.count > 1 { steps.removeFirst() }
    return RulesetReading(families: step)
  }

  func mayHaveChanged() -> Bool { steps.count > 1 }
}

extension FamilyReading {
  init(_ snapshot: FamilySnapshot) {
    self.init(backend: snapshot.backend, family: snapshot.family, result: .success(snapshot))
  }

  init(_ ruleset: RulesetText) throws { self.init(try ruleset.snapshot()) }

  /// A reading of the legacy backend that failed.
  static func failed(_ family: IPFamily, cause: String = "Permission denied") -> FamilyReading {
    FamilyReading(
      backend: .legacy, family: family,
      result: .failure(ReadingError(operation: .readTable(family, .nat), code: 1, cause: cause)))
  }
}

extension ExporterOptions {
  /// What leaves out all that differs from one process to the next.
  static func plain(
    collectors: Set<CollectorName> = Set(CollectorName.allCases),
    selection: ServiceSelection = ServiceSelection()
  ) -> ExporterOptions {
    ExporterOptions(
      collectors: collectors, selection: selection, exportsProcess: false,
      build: BuildInformation(version: "1.2.3", revision: "abc", swiftVersion: "6.3"))
  }
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
    Array(try await scrape(request).joined())
  }
}

import Collectors
import FoundationEssentials
import IPTablesSource
import TestSupport
import Testing

/// A whole scrape, as it is to be.
///
/// With `KIE_GOLDEN=write` in the environment, what the exporter says is written into the file
/// instead, to be read before it is committed.
@Suite("The golden scrape")
struct GoldenScrapeTests {
  private static let golden: String = {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return here.dropLast().joined(separator: "/") + "/Golden/legacy-1.28-d-12-multiport.prom"
  }()

  @Test("Is what it was")
  func unchanged() async throws {
    let text = try await Self.scrape()
    if ProcessInfo.processInfo.environment["KIE_GOLDEN"] == "write" {
      try Data(text.utf8).write(to: URL(filePath: Self.golden))
      return
    }
    let contents = try #require(FileManager.default.contents(atPath: Self.golden))
    let golden = String(decoding: contents, as: UTF8.self)
    let lines = (text.split(separator: "\n"), golden.split(separator: "\n"))
    for (line, expected) in zip(lines.0, lines.1) where line != expected {
      Issue.record("\(line), expected \(expected)")
      return
    }
    #expect(lines.0.count == lines.1.count)
    #expect(text == golden)
  }

  @Test("Passes promtool", .promtool)
  func promtool() async throws {
    try Promtool.check(Array(try await Self.scrape().utf8))
  }

  @Test("Passes promtool with the process and the churn of a second reading", .promtool)
  func everything() async throws {
    let creation = ArticleCreation.messiest
    var options = ExporterOptions.plain()
    options.exportsProcess = true
    let exporter = try Exporter(rulesets: [creation.before(), creation.after()], options)
    _ = try await exporter.metrics()
    try Promtool.check(await exporter.bytes(ScrapeRequest(scraper: "10.0.0.1")))
  }

  /// The text of a first scrape, with 0 for whatever the time of day or the machine decides.
  private static func scrape() async throws -> String {
    let fixture = Fixture("legacy-1.28/d-12-multiport.rules")
    let exporter = Exporter(SaveFileSource(paths: [fixture.path]))
    let text = String(
      decoding: try await exporter.bytes(ScrapeRequest(scraper: "10.0.0.1")), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard line.contains("_duration_seconds"), !line.hasPrefix("#") else { return String(line) }
      return line.prefix { $0 != " " } + " 0"
    }.joined(separator: "\n")
  }
}

import Collectors
import Exposition
import IPTablesSource
import Logging
import Netfilter
import Page

/// Two saved files, with a line of `%` between them, that the exporter reads one after the other: all
/// that it serves then must be what it claims to be.
enum ScrapeDomain {
  static func check(_ bytes: [UInt8]) {
    let (old, new) = Pair.split(bytes)
    let readings = [old, new].map { text in
      RulesetReading(
        families: DumpText.mended(text).map { family in
          FamilyReading(
            backend: family.backend, family: family.family, result: .success(family))
        })
    }
    let pages = Blocking.run { await serve(readings) }
    for (format, exposition) in pages.expositions {
      _ = ExpositionReader.samples(of: exposition, format)
    }
    HTMLReader.check(pages.html)
  }

  private struct Pages {
    var expositions: [(ExpositionFormat, [UInt8])] = []
    var html: [UInt8] = []
  }

  private static func serve(_ readings: [RulesetReading]) async -> Pages {
    let options = ExporterOptions(
      exportsProcess: false,
      build: BuildInformation(version: "1", revision: "a", swiftVersion: "6"))
    let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
    let exporter = Exporter(source: GivenSource(readings), options: options, logger: logger)
    var pages = Pages()
    for format in ExpositionFormat.allCases + ExpositionFormat.allCases {
      let request = ScrapeRequest(format: format, scraper: "10.0.0.1")
      do throws(ScrapeError) {
        pages.expositions.append((format, Array(try await exporter.scrape(request).joined())))
      } catch {
        fatalError("a scrape of all collectors is answered: \(error)")
      }
    }
    pages.html = Array(await exporter.page(PageRequest(query: [("moves", "all")])).body.joined())
    return pages
  }
}

/// A source whose readings are given: one after the other, the last for ever.
private final class GivenSource: RulesetSource {
  private var readings: [RulesetReading]

  init(_ readings: [RulesetReading]) { self.readings = readings }

  func read(_: CounterSelection) -> RulesetReading {
    readings.count > 1 ? readings.removeFirst() : readings[0]
  }

  func mayHaveChanged() -> Bool { readings.count > 1 }
}

import Collectors
import IPTablesSource
import Logging
import Netfilter
import Page
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Tracking

@Suite("The page of a service port")
struct ServicePortPageTests {
  private static let fixture = Fixture("legacy-1.28/d-12-multiport.rules")

  private func exporter(_ options: ExporterOptions = .plain()) throws -> Exporter {
    Exporter(steps: [[FamilyReading(try Self.fixture.snapshot())]], options)
  }

  private func answer(
    _ exporter: Exporter, _ name: String, _ transport: String? = nil, limit: String? = nil
  ) async -> RenderedPage {
    let query = [("service", name), ("protocol", transport), ("limit", limit)].compactMap {
      field in field.1.map { (name: field.0, value: $0) }
    }
    return await exporter.page(PageRequest(query: query))
  }

  @Test("Shows addresses, endpoints with their shares, churn and the rules of its chains")
  func content() async throws {
    let answer = await answer(try exporter(), "web/np-local")
    #expect(answer.isFound)
    let page = PageText(answer)
    for text in [
      "<title>web/np-local · ", "cluster IP 10.108.107.25:80, NodePort 31998",
      "data-label=\"Share\">33.3%", "0 added, 0 removed, 0 moved", "<ul class=\"tree\">",
      "-A KUBE-SERVICES -d 10.108.107.25/32", "-A KUBE-SEP-", "--to-destination 10.244.",
      "No other change was seen",
    ] { #expect(page.text.contains(text), "\(text)") }
    // Nothing of another's.
    #expect(!page.text.contains("web/sticky"))
  }

  @Test(
    "Is found by name, port and protocol, in any case of the protocol's letters",
    arguments: [
      ("kube-system/kube-dns:dns", "UDP", true), ("kube-system/kube-dns:dns", "udp", true),
      ("kube-system/kube-dns:dns", nil, false), ("web/sticky", nil, true),
      ("web/sticky:", "TCP", false), ("web", "TCP", false), ("", "TCP", false),
      ("web/sticky", "", false), ("<script>", "<b>", false),
    ] as [(String, String?, Bool)])
  func found(_ name: String, _ transport: String?, _ isFound: Bool) async throws {
    let answer = await answer(try exporter(), name, transport)
    #expect(answer.isFound == isFound)
    let page = PageText(answer)
    #expect(page.text.contains("No such service port") != isFound)
    #expect(!page.tagNames.contains("script") && !page.tagNames.contains("b>"))
  }

  @Test("Every service port of the table leads to a page")
  func links() async throws {
    let exporter = try exporter()
    let list = PageText(await exporter.page(PageRequest(query: [(name: "limit", value: "all")])))
    let links = list.between("<a href=\"?service=", "\"")
    #expect(Set(links).count == 22)
    for link in links {
      let fields = link.split(separator: "&amp;protocol=").map {
        String($0).replacing("%2F", with: "/").replacing("%3A", with: ":")
      }
      #expect(await answer(exporter, fields[0], fields[1]).isFound, "\(link)")
    }
  }

  @Test("There is none of a service port that the flags leave out")
  func leftOut() async throws {
    let pattern = try RegularExpression("^kube-system/")
    let exporter = try exporter(.plain(selection: ServiceSelection(include: pattern)))
    #expect(await !answer(exporter, "web/sticky").isFound)
    #expect(await answer(exporter, "kube-system/kube-dns:dns-tcp").isFound)
  }

  @Test("Shows the changes of its own rules, and no others")
  func changes() async throws {
    let exporter = try Exporter(rulesets: [
      PageHistory.states[0], PageHistory.ruleset(PageHistory.endpoints.reversed(), others: 3),
    ])
    _ = await exporter.page(PageRequest())
    let all = PageText(await exporter.page(PageRequest()))
    let page = PageText(await answer(exporter, "shop/web"))
    #expect(all.changes.count == 4)
    #expect(page.changes.count == 1)
    #expect(page.text.contains("0 added, 0 removed, 1 moved"))
  }

  @Test("Shows as many endpoints and rules as asked for, and leads to all")
  func limit() async throws {
    let exporter = try exporter()
    let some = PageText(await answer(exporter, "web/sticky", limit: "2"))
    #expect(some.count(of: "data-label=\"Share\"") == 2)
    #expect(some.text.contains("2 of 3 are shown."))
    #expect(some.text.contains("?service=web%2Fsticky&amp;protocol=TCP&amp;limit=all"))
    let all = PageText(await answer(exporter, "web/sticky", limit: "all"))
    #expect(all.count(of: "data-label=\"Share\"") == 3)
  }

  // MARK: Recent readings

  @Test("A page is made of a reading that is recent enough and has what the page shows")
  func recent() async throws {
    let (record, seconds) = (SourceRecord(), PassedSeconds())
    let exporter = Exporter(
      source: ScriptedSource([[FamilyReading(try Self.fixture.snapshot())]], record),
      options: .plain(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      now: { seconds.moment })
    func readings(after seconds_: Double, accepting age: Duration?) async -> Int {
      seconds.passed.withLock { $0 += seconds_ }
      let page = PageText(await exporter.page(PageRequest(), acceptingAge: age))
      #expect(page.services.count == 22)
      return record.asked.count
    }
    #expect(await readings(after: 0, accepting: .seconds(5)) == 1)
    #expect(await readings(after: 5, accepting: .seconds(5)) == 1)
    #expect(await readings(after: 0.5, accepting: .seconds(5)) == 2)
    #expect(await readings(after: 1, accepting: nil) == 3)
    // A reading without connections doesn't serve, and a scrape's does.
    _ = try await exporter.scrape(ScrapeRequest(scraper: "a", collect: ["tables"]))
    #expect(record.asked.last == CounterSelection.policies)
    #expect(await readings(after: 0, accepting: .seconds(5)) == 5)
    _ = try await exporter.scrape(ScrapeRequest(scraper: "a"))
    #expect(await readings(after: 1, accepting: .seconds(5)) == 6)
  }
}

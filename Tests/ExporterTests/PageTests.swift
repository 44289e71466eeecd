import Collectors
import FoundationEssentials
import IPTablesSource
import Netfilter
import Page
import Platform
import TestSupport
import Testing
import Tracking

@Suite("The page for people")
struct PageTests {
  private func page(_ exporter: Exporter, _ query: [(name: String, value: String)] = []) async
    -> PageText
  {
    PageText(await exporter.page(PageRequest(query: query, telemetryPath: "/metrics")))
  }

  private static let fixture = Fixture("legacy-1.28/d-12-multiport.rules")

  private func fixtureExporter(_ options: ExporterOptions = .plain()) throws -> Exporter {
    let reading = FamilyReading(try SaveFileParser.parse(try Self.fixture.bytes())[0])
    return Exporter(steps: [[reading]], options)
  }

  // MARK: Content

  @Test("Shows version, backend, mode and tables")
  func facts() async throws {
    let page = await page(try fixtureExporter())
    for text in [
      "<dd>1.2.3<small>revision abc</small>", "<dd>legacy", "<dd>iptables", "<a href=\"/metrics\">",
      "<th scope=\"row\">nat</th><td data-label=\"Family\">IPv4</td>",
      "<th scope=\"row\">filter</th><td data-label=\"Family\">IPv4</td>",
    ] { #expect(page.text.contains(text), "\(text)") }
  }

  @Test("Shows the service ports that have series, with the same numbers")
  func numbers() async throws {
    let exporter = try fixtureExporter()
    let metrics = try await exporter.metrics()
    let page = await page(exporter, [(name: "limit", value: "all")])
    #expect(Set(page.services) == metrics.services())
    for row in page.rows {
      let service = PageText.service(row[0])
      #expect(row[2] == Self.text(metrics.service(service, "sep_chains")))
      #expect(row[3] == Self.text(metrics.service(service, "dnat_targets")))
      #expect(row[4] == Self.text(metrics.service(service, "nodeport_rules")))
      #expect(row[10] == Self.text(metrics.service(service, "connections_total")))
    }
  }

  private static func text(_ value: Double?) -> String { value.map { "\(Int($0))" } ?? "none" }

  @Test("Shows none that the flags leave out")
  func selection() async throws {
    let pattern = try RegularExpression("^kube-system/")
    let page = await page(
      try fixtureExporter(.plain(selection: ServiceSelection(include: pattern))))
    #expect(page.services.count == 3)
    #expect(page.services.allSatisfy { $0.hasPrefix("kube-system/") })
    #expect(page.text.contains("Left out by the flags"))
  }

  @Test("Has no column of connections where these are not collected")
  func withoutConnections() async throws {
    let page = await page(try fixtureExporter(.plain(collectors: [.services])))
    #expect(!page.text.contains(">Connections</a>"))
    #expect(page.rows.allSatisfy { $0.count == 11 })
  }

  @Test("Says what could not be read")
  func failure() async throws {
    let exporter = Exporter(steps: [[.failed(.ipv4, cause: "no <b>luck</b>")]])
    let page = await page(exporter)
    #expect(page.text.contains("role=\"alert\""))
    #expect(page.text.contains("no &lt;b&gt;luck&lt;/b&gt;"))
    #expect(page.text.contains("There is no service port."))
  }

  @Test("Takes no scraper's churn")
  func scrapers() async throws {
    let exporter = try Exporter(rulesets: PageHistory.states)
    _ = try await exporter.metrics()
    _ = await page(exporter)
    let metrics = try await exporter.metrics()
    #expect(metrics.sum("iptables_service_rules_moved_since_last_scrape") == 1)
  }

  // MARK: Sorting and filtering

  @Test("Sorts by name where nothing is asked for, or nonsense")
  func unknownSorting() async throws {
    let exporter = try fixtureExporter()
    let expected = await page(exporter).services
    #expect(expected.first == "default/kubernetes:https TCP")
    #expect(expected.last == "web/sticky TCP")
    let nonsense = [
      (name: "sort", value: "'"), (name: "order", value: "up"), (name: "limit", value: "-1"),
    ]
    #expect(await page(exporter, nonsense).services == expected)
  }

  @Test(
    "Filters by words of name, port, protocol, family, addresses, NodePorts and endpoints",
    arguments: [
      ("dns", 3), ("KUBE-DNS udp", 1), ("sctp web/", 2), ("no_endpoints", 3), ("ipv6", 0),
      ("<", 0), (" ", 22),
      ("10.96.0.10:", 3), ("cluster 10.96.0.1:443", 1), ("nodeport 31163", 1),
      ("10.244.2.10:9998", 1), ("10.244.2.6:8443 local", 1), ("10.244.2.6:8444", 0),
    ])
  func filter(_ filter: String, _ count: Int) async throws {
    let page = await page(try fixtureExporter(), [(name: "filter", value: filter)])
    #expect(page.services.count == count)
  }

  @Test("Shows so many service ports as asked for, and leads to all")
  func limit() async throws {
    let page = await page(try fixtureExporter(), [(name: "limit", value: "2")])
    #expect(page.services.count == 2)
    #expect(page.text.contains("\"?sort=service&amp;order=asc&amp;limit=all\">Show all</a>"))
  }

  // MARK: Safety

  @Test("Allows nothing but its own style element")
  func policy() async throws {
    let page = await page(try fixtureExporter())
    let style = try #require(page.between("<style>", "</style>").first)
    #expect(page.between("<style>", "</style>").count == 1)
    let digest = Data(SHA256.digest(of: Array(style.utf8))).base64EncodedString()
    let policy = Page.headers.first { $0.name == "Content-Security-Policy" }?.value
    #expect(
      policy == "default-src 'none'; style-src 'sha256-\(digest)'; form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'")
    for tag in page.tags {
      #expect(!["script", "img", "link", "base"].contains { tag.hasPrefix($0) }, "\(tag)")
      #expect(![" style=", " src=", " on"].contains { tag.contains($0) }, "\(tag)")
    }
    #expect(!style.contains("url(") && !style.contains("@import"))
  }

  @Test(
    "Shows markup in a filter as text",
    arguments: ["\"><script>alert(1)</script>", "' onfocus='x", "%22&a=b"])
  func hostileFilter(_ filter: String) async throws {
    let exporter = try fixtureExporter()
    let tags = await page(exporter, [(name: "filter", value: "nothing")]).tagNames
    #expect(await page(exporter, [(name: "filter", value: filter)]).tagNames == tags)
  }

  private func pageAfterChange(_ steps: [[FamilyReading]]) async -> PageText {
    let exporter = Exporter(steps: steps)
    _ = await page(exporter)
    return await page(exporter)
  }

  @Test("Shows markup in comments as text", arguments: PageHistory.hostileComments)
  func hostileComment(_ comment: PageHistory.Comment) async throws {
    let page = await pageAfterChange(PageHistory.withComment(comment.bytes))
    let harmless = await pageAfterChange(PageHistory.withComment(Array("x".utf8)))
    #expect(page.tagNames == harmless.tagNames)
    #expect(page.changes.count == 1)
    let hidden = page.text.unicodeScalars.filter {
      $0 != "\n" && [.control, .format].contains($0.properties.generalCategory)
    }
    #expect(hidden.isEmpty)
  }
}

import Testing

import ScrapeChecks

struct ExpositionTests {
  private static let text = """
    # HELP up Whether it is.
    # TYPE up gauge
    up{backend="nft",ip_family="IPv4"} 1
    up{backend="nft",ip_family="IPv6"} 0
    # HELP changes_total How many.
    # TYPE changes_total counter
    changes_total 1.5e+3

    """

  private static let openMetrics = """
    # HELP build What it is.
    # TYPE build info
    build_info{version="1"} 1
    # HELP age_seconds How old.
    # TYPE age_seconds gauge
    # UNIT age_seconds seconds
    age_seconds 3
    # HELP changes How many.
    # TYPE changes counter
    changes_total{name="a \\"quoted\\" name, with {braces}"} 2
    # EOF

    """

  @Test func `a valid page's samples are found by name and labels`() throws {
    let page = try Exposition(parsing: Array(Self.text.utf8), format: .text)
    #expect(page.samples.count == 3)
    #expect(page.values(of: "up", where: ["ip_family": "IPv4"]) == [1])
    #expect(page.values(of: "up", where: ["backend": "nft"]) == [1, 0])
    #expect(page.values(of: "up", where: ["backend": "legacy"]) == [])
    #expect(page.values(of: "changes_total") == [1500])
    #expect(page.samples.map(\.kind) == [.gauge, .gauge, .counter])
    #expect(page.series(page.samples[2]) == "changes_total")
  }

  @Test func `OpenMetrics' counters and infos have names of their own`() throws {
    let page = try Exposition(parsing: Array(Self.openMetrics.utf8), format: .openMetrics)
    #expect(page.values(of: "changes_total") == [2])
    #expect(page.values(of: "build_info") == [1])
  }

  @Test(arguments: [
    ("# UNIT age_seconds seconds", "# UNIT age_seconds bytes", "does not end in the unit"),
    ("# UNIT age_seconds seconds", "# UNITS age_seconds seconds", "no metadata"),
    ("build_info{version=\"1\"} 1", "build_info{version=\"1\"} 2", "an info that is not 1"),
    ("build_info{", "build{", "of another family"),
  ])
  func `a fault of OpenMetrics is found`(part: String, replacement: String, reason: String) throws {
    let page = Self.openMetrics.replacing(part, with: replacement)
    let error = #expect(throws: ExpositionError.self) {
      try Exposition(parsing: Array(page.utf8), format: .openMetrics)
    }
    #expect(try #require(error).reason.contains(reason))
  }

  @Test func `the same series has the same identity in every page`() throws {
    let pages = try (1...2).map { _ in
      try Exposition(parsing: Array(Self.text.utf8), format: .text)
    }
    #expect(pages[0].samples.map(\.identity) == pages[1].samples.map(\.identity))
    #expect(Set(pages[0].samples.map(\.identity)).count == 3)
  }

  @Test(arguments: [
    ("# HELP up Whether it is.\n", "", "before its metadata"),
    ("# TYPE up gauge\n", "", "before its metadata"),
    ("# TYPE up gauge\n", "# TYPE up gauge\n# TYPE up gauge\n", "a second TYPE"),
    ("# TYPE up gauge\n", "# TYPE up histogram\n", "before its metadata"),
    ("# TYPE up gauge\n", "# TYPE up info\n", "a type of OpenMetrics"),
    ("# TYPE up gauge\n", "# TYPE up gauge\n# UNIT up up\n", "no metadata"),
    ("# TYPE up gauge\n", "# TYPE up gauge\n\n", "of another family"),
    ("IPv6", "IPv4", "the series was there before"),
    ("up{backend=\"nft\",ip_family=\"IPv6\"}", "down", "of another family"),
    ("changes_total 1.5e+3", "changes_total 1.5e+3 1700000000", "no number"),
    ("1.5e+3", "0x10", "no number"),
    ("1.5e+3", "nan", "no number"),
    ("1.5e+3", "-1", "a counter below 0"),
    (" 1.5e+3", "", "no value"),
    ("ip_family=\"IPv6\"", "backend=\"nft\"", "the label set"),
    ("ip_family=\"IPv6\"", "2p=\"IPv6\"", "the label set"),
    ("ip_family=\"IPv6\"", "ip_family=IPv6", "the label set"),
    ("ip_family=\"IPv6\"", "ip_family=\"\\x\"", "the label set"),
    ("# HELP changes_total", "# HELP up", "metadata after samples"),
    ("1.5e+3\n", "1.5e+3", "has no end"),
    ("1.5e+3\n", "1.5e+3\n# EOF\n", "no metadata"),
  ])
  func `a fault is found`(part: String, replacement: String, reason: String) throws {
    let page = Self.text.replacing(part, with: replacement)
    let error = #expect(throws: ExpositionError.self) {
      try Exposition(parsing: Array(page.utf8), format: .text)
    }
    #expect(try #require(error).reason.contains(reason))
  }

  @Test func `a family in two pieces is a fault`() {
    let page = Self.text + Self.text.prefix { $0 != "u" }
    #expect(throws: ExpositionError.self) {
      try Exposition(parsing: Array((page + "up Whether.\n").utf8), format: .text)
    }
  }

  @Test(arguments: ["", "# EOF\n# EOF\n", "# EOF"])
  func `OpenMetrics ends in one EOF`(ending: String) {
    let page = Self.openMetrics.replacing("# EOF\n", with: ending)
    #expect(throws: ExpositionError.self) {
      try Exposition(parsing: Array(page.utf8), format: .openMetrics)
    }
  }

  @Test func `bytes that are not UTF-8 are a fault`() {
    let page = Array(Self.text.utf8).map { $0 == UInt8(ascii: "W") ? 0xff : $0 }
    #expect(throws: ExpositionError.self) { try Exposition(parsing: page, format: .text) }
  }
}

import Collectors
import IPTablesSource
import Page
import TestSupport
import Testing

@Suite("The last changes on the page")
struct ChangeLogTests {
  /// The page after all of the rule sets were read one after the other.
  private func page(
    after rulesets: [RulesetText], _ query: [(name: String, value: String)] = []
  ) async throws -> PageText {
    let exporter = try Exporter(rulesets: rulesets)
    for _ in rulesets.dropLast() { _ = await exporter.page(PageRequest()) }
    return PageText(await exporter.page(PageRequest(query: query)))
  }

  @Test("There are none at first")
  func none() async throws {
    let page = try await page(after: [PageHistory.states[0]])
    #expect(page.changes.isEmpty)
    #expect(page.text.contains("No other change was seen"))
    #expect(page.rows.map(\.last) == ["–"])
  }

  @Test("A move is told with its positions, its service port and its rule")
  func move() async throws {
    let page = try await page(after: PageHistory.states)
    let change = try #require(page.changes.first)
    #expect(page.changes.count == 1)
    #expect(change[0] == "moved 1 → 2" || change[0] == "moved 2 → 1")
    #expect(Array(change[1...2]) == ["IPv4 nat", "shop/web TCP"])
    #expect(change[3].hasPrefix("-A KUBE-SVC-E3PXEPMWAWIUT6ZV "))
    #expect(change[3].contains("--comment &quot;shop/web to KUBE-SEP-"))
    #expect(page.rows.map(\.last) == ["just now"])
  }

  @Test("The last reading's come first, within a reading in the chains' order")
  func order() async throws {
    let page = try await page(
      after: [
        PageHistory.ruleset([]), PageHistory.ruleset([], others: 2),
        PageHistory.ruleset(Array(PageHistory.endpoints.prefix(1)), others: 1, from: 1),
      ])
    #expect(
      page.changes.map(\.[0])
        == ["removed from 1", "added at 1", "added at 1", "added at 2"])
    #expect(page.changes.map(\.[2]) == ["–", "shop/web TCP", "–", "–"])
    #expect(page.changes[0][3].contains("number 0"))
  }

  @Test("They are 50 at most, of one reading or of many", arguments: [1, 7, 49, 50, 51, 1000])
  func bound(_ step: Int) async throws {
    let states = (0...(120 / step + 1)).map { PageHistory.ruleset([], others: step * $0) }
    let page = try await page(after: states)
    #expect(page.changes.count == 50)
    let total = step * (states.count - 1)
    let numbers = page.changes.compactMap {
      $0[3].firstMatch(of: #/number (\d+)/#).flatMap { Int($0.1) }
    }
    #expect(numbers.count == 50)
    // The last reading's first rule stands first.
    #expect(numbers.first == total - step)
    if step > 50 { #expect(page.text.contains(", of which 50 are shown")) }
  }

  @Test("Moves in dispatch chains are told only where asked for")
  func dispatch() async throws {
    let names = ["shop/web", "shop/other"]
    let states = [names, names.reversed()].map { names in
      RulesetText(
        nat: names.map {
          "-A KUBE-SERVICES -p tcp -m comment --comment \"\($0) cluster IP\" -j KUBE-MARK-MASQ"
        }.joined(separator: "\n"))
    }
    #expect(try await page(after: states).changes.isEmpty)
    let page = try await page(after: states, [(name: "moves", value: "all")])
    #expect(page.changes.count == 1)
    #expect(page.changes[0][3].hasPrefix("-A KUBE-SERVICES "))
  }

  /// The rules of shop/web's chain in another order, and nothing that leads there any more.
  private static let orphaned = RulesetText(
    nat: PageHistory.endpoints.reversed().map {
      "-A \(PageHistory.service) -m comment --comment \"shop/web to \($0)\" -j \($0)"
    }.joined(separator: "\n"), filter: "")

  @Test("A rule that moved and belongs to nobody any more is told and counted as its last owner's")
  func movedAndOrphaned() async throws {
    let states = [PageHistory.states[0], Self.orphaned]
    let page = try await page(after: states)
    let move = try #require(page.changes.first { $0[0].hasPrefix("moved") })
    #expect(move[2] == "shop/web TCP")
    // The service port has series again when it is back.
    let exporter = try Exporter(rulesets: states + [PageHistory.states[1]])
    for _ in states { _ = try await exporter.metrics() }
    let metrics = try await exporter.metrics()
    #expect(metrics.service("shop/web", "rule_changes_total", and: ["change": "moved"]) == 1)
  }

  @Test("A service port that only the filter table blocks has a last change")
  func blocked() async throws {
    let rule =
      #"-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "#
      + #""shop/web has no endpoints" -m tcp --dport 80 -j REJECT"#
    let page = try await page(after: ["", rule].map { RulesetText(nat: "", filter: $0) })
    #expect(page.rows.map { PageText.service($0[0]) } == ["shop/web TCP"])
    #expect(page.rows.map(\.last) == ["just now"])
  }
}

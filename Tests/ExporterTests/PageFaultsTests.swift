import Collectors
import IPTablesSource
import Netfilter
import Page
import TestSupport
import Testing

@Suite("What is wrong, on the page")
struct PageFaultsTests {
  /// A node with so many chains that no rule leads to, and two rules behind the jump to KUBE-NODEPORTS.
  private static func faulty(orphans: Int) -> RulesetText {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    let chains = (0..<orphans).map {
      "-A KUBE-SVC-AAAAAAAAAAAAAA\(letters[$0 / 32])\(letters[$0 % 32]) -m comment --comment \"<b>x</b>\" -j ACCEPT"
    }
    let behind = ["<script>1</script>", "y"].map {
      "-A KUBE-SERVICES -p tcp -m comment --comment \"\($0)\" -j ACCEPT"
    }
    return RulesetText(
      nat: (AnomalyMetricTests.services.split(separator: "\n").map(String.init) + behind + chains)
        .joined(separator: "\n"), filter: "")
  }

  private func page(_ exporter: Exporter) async -> PageText {
    PageText(await exporter.page(PageRequest(node: "node-<1>")))
  }

  @Test("A fault is shown with its rules, why it matters and what to do, and as text")
  func fault() async throws {
    let page = await page(try Exporter(rulesets: [Self.faulty(orphans: 1)]))
    #expect(page.text.contains("<section class=\"banner bad\""))
    let kinds = page.between("<details open>", "</details>")
    let kind = try #require(kinds.first { $0.contains("node_port_jump_not_last") })
    #expect(kind.contains("-A KUBE-SERVICES -p tcp"))
    #expect(kind.contains("&lt;script&gt;1&lt;/script&gt;"))
    #expect(kind.contains("<strong>Why it matters:</strong> KUBE-NODEPORTS sees"))
    #expect(kind.contains("<strong>What to do:</strong> Find out who appends"))
    #expect(!page.text.contains("<script>") && !page.text.contains("<b>x"))
  }

  @Test("However many faults there are, few of a kind are shown")
  func manyFaults() async throws {
    let page = await page(try Exporter(rulesets: [Self.faulty(orphans: 300)]))
    let kinds = page.between("<details open>", "</details>")
    let orphans = try #require(kinds.first { $0.contains("orphan_chain") })
    #expect(orphans.contains("orphan_chain</strong> (info)"))
    #expect(orphans.split(separator: "<li>IPv4 nat").count == 11)
    #expect(orphans.contains("… and 290 more"))
    #expect(page.text.utf8.count < 100_000)
  }

  @Test("Information alone is no alarm, and no fault is said to be none")
  func noAlarm() async throws {
    let orphan = RulesetText(
      nat: AnomalyMetricTests.services + "\n-A KUBE-SVC-AAAAAAAAAAAAAAAA -j ACCEPT", filter: "")
    let clean = RulesetText(nat: AnomalyMetricTests.services, filter: "")
    let exporter = try Exporter(rulesets: [orphan, clean])
    let first = await page(exporter)
    #expect(first.text.contains("<section class=\"banner\" "))
    let second = await page(exporter)
    #expect(second.count(of: "<section class=\"banner") == 0)
    #expect(second.text.contains("No faults in kube-proxy&#39;s rules."))
  }

  @Test("Where nobody looks for faults, it says so")
  func unknown() async throws {
    let source = ScriptedSource([[try FamilyReading(Self.faulty(orphans: 1))]])
    let page = await page(Exporter(source, .plain(collectors: [.services])))
    #expect(page.text.contains("the collector <code>anomalies</code> is off"))
    #expect(page.count(of: "<details") == 0)
  }

  @Test("Rules of Kubernetes in both backends are shown with the rules that lead to them")
  func mixed() async throws {
    let paths = ["legacy-1.28/d-12-multiport.rules", "nft-1.28/d-12-multiport.rules"].map {
      Fixture($0).path
    }
    let page = await page(Exporter(SaveFileSource(paths: paths)))
    let banner = try #require(page.between("<h2 id=\"mixed\">", "</section>").first)
    #expect(banner.contains("<li>legacy IPv4") && banner.contains("<li>nft IPv4"))
    #expect(banner.contains("-A PREROUTING ") && banner.contains("-j KUBE-SERVICES"))
    #expect(banner.contains("What to do:"))
    let one = await self.page(Exporter(SaveFileSource(paths: [paths[0]])))
    #expect(!one.text.contains("id=\"mixed\""))
  }

  @Test("The node's name is shown, as text")
  func node() async throws {
    let exporter = try Exporter(rulesets: [Self.faulty(orphans: 0)])
    let text = await page(exporter).text
    #expect(text.contains("<title>kube-iptables-exporter on node-&lt;1&gt;</title>"))
    #expect(text.contains("<h1>Node <bdi>node-&lt;1&gt;</bdi></h1>"))
    #expect(!text.contains("node-<1>"))
  }
}

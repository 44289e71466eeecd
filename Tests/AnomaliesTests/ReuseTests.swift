import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Anomalies

@Suite("What a reading takes over from the last one")
struct ReuseTests {
  private static let check = """
    -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web health check node port" -m tcp --dport 32000 -j ACCEPT
    """
  private static let service = """
    -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
    -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web -> 10.0.0.1:80" -j KUBE-SEP-AAAAAAAAAAAAAAAA
    """

  @Test("Says whose a rule of an unchanged filter table is by the nat table of now")
  func owner() throws {
    let before = try RulesetText(nat: "", filter: Self.check + "\n" + Self.check).snapshot()
    let after = FamilySnapshot(
      backend: before.backend, family: before.family,
      tables: try before.tables.map { table in
        table.name == .filter
          ? table : try #require(try RulesetText(nat: Self.service).snapshot().table(.nat))
      })
    let first = History(before)
    let second = first.next(after)
    let third = second.next(before)
    #expect(
      [first, second, third].map { $0.inspection.duplicateOwner } == [
        "nobody", "shop/web", "nobody",
      ])
  }

  @Test("Is made again where a dump says other things of tables that aren't in it")
  func announcements() throws {
    let plain = try RulesetText(nat: "").snapshot()
    let announced = FamilySnapshot(
      backend: .nft, family: .ipv4, tables: plain.tables, incompatibleTables: [.raw: .whole])
    let history = History(plain)
    let next = history.next(announced)
    #expect(next.inspection.findings.map(\.summary) == ["incompatible_table raw "])
    #expect(!next.inspection.isOfSameRules(as: history.inspection))
    #expect(next.next(plain).inspection.findings.isEmpty)
  }

  @Test("Is what the reading alone would show, along random histories", arguments: 1...8)
  func histories(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let snapshots = try PlantedFault.all.shuffled(using: &random).prefix(12).flatMap { fault in
      var text = try DumpText(fault.fixture)
      let clean = try text.snapshot()
      fault.plant(&text)
      return [clean, try text.snapshot()]
    }
    var history: History?
    // Tables of different readings, for each may stay what it was while the others change.
    for _ in 1...24 {
      let sources = (0..<2).compactMap { _ in snapshots.randomElement(using: &random) }
      let family = try #require(sources.first?.family)
      let tables = TableName.allCases.compactMap { name in
        sources.filter { $0.family == family }.randomElement(using: &random)?.table(name)
      }
      let snapshot = FamilySnapshot(backend: .nft, family: family, tables: tables)
      let next = history?.next(snapshot) ?? History(snapshot)
      #expect(
        next.inspection.findings.map(\.everything)
          == Inspection(snapshot).findings.map(\.everything))
      history = next
    }
  }
}

extension Inspection {
  /// Whose the rule is that stands there twice.
  fileprivate var duplicateOwner: String? {
    findings.first { $0.anomaly == .duplicateRule && $0.table == .filter }.map {
      $0.servicePort?.description ?? "nobody"
    }
  }
}

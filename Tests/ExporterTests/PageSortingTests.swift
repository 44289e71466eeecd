import IPTablesSource
import Logging
import Netfilter
import Synchronization
import TestSupport
import Testing

@testable import Collectors
@testable import Page
@testable import Tracking

@Suite("The order of the page's service ports")
struct PageSortingTests {
  @Test(
    "Is that of each column, both ways, and equal ones stand by name",
    arguments: zip(
      0..<12,
      [
        "service", "family", "endpoints", "targets", "nodeports", "rules", "added", "removed",
        "moved", "rewritten", "connections", "changed",
      ]))
  func sorting(_ index: Int, _ column: String) async throws {
    let exporter = try await Self.exporter()
    for order in ["asc", "desc"] {
      let query = [("sort", column), ("order", order), ("limit", "all")].map {
        (name: $0.0, value: $0.1)
      }
      let page = PageText(
        await exporter.page(PageRequest(query: query, telemetryPath: "/metrics")))
      let attribute = order == "asc" ? "ascending" : "descending"
      #expect(page.count(of: "aria-sort=") == 1)
      #expect(page.count(of: "aria-sort=\"\(attribute)\"") == 1)
      let rows = page.rows
      #expect(Set(rows.map { $0[index] }).count > 1)
      #expect(rows == rows.sorted { Self.precedes($0, $1, index, isAscending: order == "asc") })
    }
  }

  /// Whether a row stands before another, told by their cells.
  private static func precedes(
    _ left: [String], _ right: [String], _ column: Int, isAscending: Bool
  ) -> Bool {
    let values = [left, right].map { value(of: $0, column) }
    if values[0] != values[1] { return (values[0] < values[1]) == isAscending }
    let names = [left, right].map { PageText.service($0[0]).split { "/: ".contains($0) } }
    if names[0] == names[1] { return left[1] < right[1] }
    return names[0].lexicographicallyPrecedes(names[1]) == (isAscending || column != 0)
  }

  private static func value(of row: [String], _ column: Int) -> Int {
    switch column {
    case 0: 0
    case 1: row[1] == "IPv4" ? 4 : 6
    // What was never changed comes before what was long ago.
    case 11: -(Int(row[11].prefix { $0 != " " }) ?? .max)
    default: Int(row[column]) ?? -1
    }
  }

  // MARK: The history

  /// An exporter that saw service ports differ in each of the columns, ten seconds after each other.
  private static func exporter() async throws -> Exporter {
    let seconds = PassedSeconds()
    let steps = try history()
    let exporter = Exporter(
      source: ScriptedSource(steps), options: .plain(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { seconds.moment })
    for _ in steps {
      _ = await exporter.page(PageRequest())
      seconds.passed.withLock { $0 += 10 }
    }
    return exporter
  }

  private static func history() throws -> [[FamilyReading]] {
    let fixture = try Fixture("legacy-1.28/d-12-multiport.rules").snapshot()
    let others = try Fixture("legacy-1.28/h-04-dual-lb.v6.rules").snapshot().with(
      backend: .nft, handles: { _ in 1 })
    var chains = try #require(fixture.table(.nat)).content.chains
    let services = chains.indices.filter { chains[$0].name.hasPrefix("KUBE-SVC-") }
    let dispatch = try #require(chains.firstIndex { $0.name == "KUBE-SERVICES" })
    let handles = HandleCounter()
    var steps: [[FamilyReading]] = []
    func edit(_ index: Int, _ body: (inout [Rule]) -> Void) {
      var rules = Array(chains[index].rules)
      body(&rules)
      chains[index] = Chain(name: chains[index].name, rules: RuleList(rules))
    }
    func read() {
      let snapshot = reading(chains, handles)
      steps.append([FamilyReading(snapshot), FamilyReading(others)])
    }
    read()
    for (number, service) in services.enumerated() {
      edit(service) { rules in
        rules += (0..<number % 4).map {
          Rule(stringLiteral: "-p tcp -m tcp --dport \($0) -j ACCEPT")
        }
      }
    }
    read()
    for (number, service) in services.enumerated() where number % 4 > 1 {
      edit(service) { $0.removeLast(number % 4 - 1) }
    }
    read()
    edit(dispatch) { $0 = Array($0[2...] + $0[..<2]) }
    read()
    edit(dispatch) { $0.insert($0.removeLast(), at: 0) }
    for count in [4, 2] {
      let written = services.prefix(count).map { chains[$0].name }
      handles.rewrite { written.contains($0.chain) }
      read()
    }
    return steps
  }

  /// A nat of these chains, whose endpoints have counted 0 to 4 packets.
  private static func reading(_ chains: [Chain], _ handles: HandleCounter) -> FamilySnapshot {
    let content = TableContent(family: .ipv4, name: .nat, chains: chains)
    let packets = Dictionary(
      uniqueKeysWithValues: chains.enumerated().map { ($1.name, UInt64($0 % 5)) })
    let identities = content.identities
    let counters = identities.map { Counter(packets: packets[$0.chain, default: 0], bytes: 0) }
    let table = TableSnapshot(
      content: content, counters: counters,
      policyCounters: Array(repeating: Counter(), count: chains.count { $0.isBuiltIn }),
      handles: identities.map(handles.handle))
    return FamilySnapshot(backend: .nft, family: .ipv4, tables: [table])
  }
}

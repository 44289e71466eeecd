import Collectors
import Exposition
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("The collector nfacct")
struct NfacctCollectorTests {
  private static let request = ScrapeRequest(scraper: "10.0.0.1", collect: ["nfacct"])

  private static func reading(_ accounts: PacketAccounts?) -> RulesetReading {
    RulesetReading(families: [], accounts: accounts)
  }

  private static func account(_ name: String, _ packets: UInt64) -> PacketAccount {
    PacketAccount(name: ByteString(name), packets: packets)
  }

  @Test(
    "Exports each object's packets, whatever it is called", arguments: ExpositionFormat.allCases)
  func packets(_ format: ExpositionFormat) async throws {
    let packets: [String: UInt64] = [
      "localhost_nps_accepted_pkts": 3, "ct_state_invalid_dropped_pkts": 1 << 40, "": 0,
      #"a"b\c"#: 1, "a\nb 1": 2, "\u{1b}[2J": 4, #"} 1"#: 5,
    ]
    let reading = Self.reading(.read(packets.map { Self.account($0.key, $0.value) }))
    let metrics = try await Exporter(readings: [reading]).metrics(
      ScrapeRequest(format: format, scraper: "10.0.0.1"))
    #expect(
      metrics.all("iptables_nfacct_packets_total")
        == Dictionary(uniqueKeysWithValues: packets.map { (["name": $0.key], Double($0.value)) }))
  }

  @Test("Names that are the same once they are text are one series")
  func sameText() async throws {
    let accounts = [[0xff], [0xfe], [0x61]].enumerated().map { index, bytes in
      PacketAccount(name: ByteString(bytes: bytes), packets: index == 0 ? .max : 3)
    }
    let metrics = try await Exporter(readings: [Self.reading(.read(accounts))]).metrics()
    #expect(
      metrics.all("iptables_nfacct_packets_total") == [["name": "\u{fffd}"]: 2, ["name": "a"]: 3])
  }

  @Test(
    "Has no series where there are no objects, and fails only where they can't be read",
    arguments: [
      (nil, 1), (.read([]), 1), (.absent, 1), (.unknown, 1),
      (.failed(ReadingError(operation: .readAccounts, code: 1, cause: "refused")), 0),
    ] as [(PacketAccounts?, Double)])
  func none(_ accounts: PacketAccounts?, _ success: Double) async throws {
    let exporter = try Exporter(readings: [
      RulesetReading(
        families: [FamilyReading(ArticleCreation.messiest.before())], accounts: accounts)
    ])
    let metrics = try await exporter.metrics()
    #expect(metrics.all("iptables_nfacct_packets_total").isEmpty)
    #expect(metrics["iptables_scrape_collector_success", ["collector": "nfacct"]] == success)
    #expect(metrics["iptables_scrape_collector_success", ["collector": "tables"]] == 1)
  }

  @Test("Follows the kernel's own count from scrape to scrape")
  func following() async throws {
    let readings = [1, 5, 2].map { Self.reading(.read([Self.account("a", $0)])) }
    let exporter = Exporter(readings: readings)
    for expected in [1, 5, 2] as [Double] {
      let metrics = try await exporter.metrics(Self.request)
      #expect(metrics["iptables_nfacct_packets_total", ["name": "a"]] == expected)
    }
  }

  @Test("That they can't be read is logged once, and that they can again")
  func log() async throws {
    let error = ReadingError(operation: .readAccounts, cause: "refused")
    let steps: [PacketAccounts] = [.read([]), .failed(error), .failed(error), .read([]), .absent]
    let log = LogRecord()
    let exporter = Exporter(readings: steps.map(Self.reading), log)
    for _ in steps { _ = try await exporter.metrics(Self.request) }
    #expect(
      log.messages.filter { $0.contains("nfacct") } == [
        "error: reading nfacct's objects failed error=cannot read nfacct's objects: refused",
        "info: reading nfacct's objects works again",
      ])
  }
}

import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Every rule's counters, of a live kernel", .liveKernel)
struct RuleGrowthLiveTests {
  private static let ruleset = RulesetText(
    filter: """
      -A OUTPUT -p udp -m udp --dport 9 -m comment --comment "to discard" -j COUNTED
      -A COUNTED -d 127.0.0.1/32 -j RETURN
      -A COUNTED -d 127.0.0.1/32 -j RETURN
      -A COUNTED -d 127.0.0.2/32 -j RETURN
      """)

  @Test(
    "Are the packets that were sent, whatever is written again", arguments: Backend.allCases)
  func packets(_ backend: Backend) async throws {
    var sent: [Double] = []
    let readings = try withNetworkNamespace {
      try Command.run("ip", "link", "set", "lo", "up")
      try backend.load(Self.ruleset.bytes)
      let source = backend.source(tables: [.filter], families: [.ipv4])
      var readings: [[FamilyReading]] = []
      for (count, writesAgain) in [
        (0, false), (5, false), (0, false), (3, false), (2, true), (0, true), (4, false),
        // In the legacy backend nothing would tell that more came since than there had been before.
        backend == .nft ? (9, true) : (1, true),
      ] {
        if writesAgain { try backend.load(Self.ruleset.bytes) }
        for _ in 0..<count {
          try Command.run("bash", "-c", "echo -n x > /dev/udp/127.0.0.1/9 || true")
        }
        readings.append(source.read(.rules).families)
        sent.append((sent.last ?? 0) + Double(count))
      }
      return readings
    }
    let exporter = Exporter(steps: readings, .plain(collectors: [.rules]))
    for sent in sent {
      let metrics = try await exporter.metrics()
      #expect(
        metrics.rulePackets("COUNTED")
          == ["-d 127.0.0.1/32 -j RETURN": sent, "-d 127.0.0.2/32 -j RETURN": 0])
      #expect(
        metrics.rulePackets("OUTPUT")
          == [#"-p udp -m udp --dport 9 -m comment --comment "to discard" -j COUNTED"#: sent])
    }
  }

  @Test("Are of this moment where the rules are the same, for who asks")
  func freshCounters() throws {
    try withNetworkNamespace {
      try Command.run("ip", "link", "set", "lo", "up")
      try Backend.nft.load(Self.ruleset.bytes)
      let source = NFTSource(tables: [.filter], families: [.ipv4])
      func packets(_ counters: CounterSelection) throws -> [UInt64] {
        let snapshot = try source.read(counters).families[0].result.get()
        return try #require(snapshot.table(.filter)).counters.map(\.packets)
      }
      #expect(try packets([]) == [0, 0, 0, 0])
      try Command.run("bash", "-c", "echo -n x > /dev/udp/127.0.0.1/9 || true")
      #expect(try packets([]) == [0, 0, 0, 0])
      #expect(try packets([.connections, .policies]) == [0, 0, 0, 0])
      #expect(try packets(.rules) == [1, 1, 0, 0])
      #expect(try packets([]) == [1, 1, 0, 0])
    }
  }
}

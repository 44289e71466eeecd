import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("New connections by service port")
struct ConnectionTests {
  struct Course: CustomTestStringConvertible {
    let testDescription: String
    let counters: [EndpointCounters]
    /// The service port's total after each reading; nil where it has no series.
    let totals: [Double?]

    init(_ description: String, _ steps: [(EndpointCounters, Double?)]) {
      testDescription = description
      counters = steps.map(\.0)
      totals = steps.map(\.1)
    }
  }

  private static func web(_ first: UInt64, _ second: UInt64) -> EndpointCounters {
    EndpointCounters(packets: [.first: first, .second: second])
  }

  private static let gone = EndpointCounters(packets: [:], isDispatched: false)

  static let courses = [
    Course(
      "Are summed over the endpoints", [(web(5, 3), 8), (web(7, 3), 10), (web(7, 3), 10)]),
    Course(
      "Don't fall when kube-proxy writes the rules again",
      [(web(5, 3), 8), (web(0, 0), 8), (web(1, 0), 9), (web(6, 2), 16)]),
    Course(
      "Are counted from a restart on", [(web(5, 3), 8), (web(2, 1), 11), (web(2, 4), 14)]),
    Course(
      "Don't fall with one endpoint's restart", [(web(5, 3), 8), (web(0, 9), 14), (web(1, 9), 15)]),
    Course(
      "Stay when an endpoint goes, and grow when one comes",
      [
        (web(5, 3), 8), (EndpointCounters(packets: [.second: 4]), 9), (web(2, 4), 11),
        (web(3, 4), 12),
      ]),
    Course(
      "Go on where they were when a service port comes back",
      [(web(5, 3), 8), (gone, nil), (gone, nil), (web(0, 2), 10), (web(1, 2), 11)]),
    Course(
      "Are whole however many", [(web(1 << 52, 0), 0x1p52), (web(0, 1), 0x1p52 + 1)]),
  ]

  @Test("They never fall", arguments: courses)
  func course(_ course: Course) async throws {
    let exporter = try Exporter(rulesets: course.counters.map(\.ruleset))
    for total in course.totals {
      let metrics = try await exporter.metrics()
      #expect(metrics.service("shop/web", "connections_total") == total)
    }
  }

  @Test("They come from a failed reading unharmed")
  func failedReading() async throws {
    let exporter = Exporter(steps: [
      [try FamilyReading(Self.web(5, 3).ruleset)], [.failed(.ipv4)],
      [try FamilyReading(Self.web(6, 1).ruleset)],
    ])
    #expect(try await exporter.metrics().service("shop/web", "connections_total") == 8)
    #expect(try await exporter.metrics().service("shop/web", "connections_total") == nil)
    #expect(try await exporter.metrics().service("shop/web", "connections_total") == 10)
  }

  @Test("They never fall nor exceed what was sent, whatever comes", arguments: 1...20)
  func random(_ seed: UInt64) async throws {
    var generator = SplitMix64(seed: seed)
    var counters = Self.web(0, 0)
    var sent: [Double] = []
    var total: UInt64 = 0
    var states: [RulesetText] = []
    for _ in 1...60 {
      let endpoint = EndpointCounters.Endpoint.allCases.randomElement(using: &generator) ?? .first
      switch UInt8.random(in: 0..<10, using: &generator) {
      case 0: counters.packets = counters.packets.mapValues { _ in 0 }
      case 1: counters.packets[endpoint] = counters.packets[endpoint] == nil ? 0 : nil
      default:
        guard counters.packets[endpoint] != nil else { break }
        let count = UInt64.random(in: 0...50, using: &generator)
        counters.packets[endpoint, default: 0] += count
        total += count
      }
      sent.append(Double(total))
      states.append(counters.ruleset)
    }
    let exporter = try Exporter(rulesets: states)
    var last = 0.0
    for sent in sent {
      let now = try await exporter.metrics(.connections).service("shop/web", "connections_total")
      guard let now else { continue }
      #expect(last <= now && now <= sent)
      last = now
    }
  }
}

import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("New connections where rules have handles")
struct ConnectionHandleTests {
  struct Step {
    /// What each endpoint's rule has counted.
    let packets: [EndpointCounters.Endpoint: UInt64]
    /// The endpoints whose chain was written again before.
    var rewritten: Set<EndpointCounters.Endpoint> = []
    let total: Double
  }

  struct Course: CustomTestStringConvertible {
    let testDescription: String
    let steps: [Step]

    init(_ description: String, _ steps: [Step]) {
      testDescription = description
      self.steps = steps
    }
  }

  static let courses = [
    Course(
      "Are what the same rule has counted since",
      [
        Step(packets: [.first: 5, .second: 3], total: 8),
        Step(packets: [.first: 7, .second: 3], total: 10),
      ]),
    Course(
      "Are all that a rule counted that was written again, however much it is",
      [
        Step(packets: [.first: 5, .second: 3], total: 8),
        Step(packets: [.first: 9, .second: 3], rewritten: [.first], total: 17),
        Step(packets: [.first: 2, .second: 3], rewritten: [.first], total: 19),
        Step(packets: [.first: 0, .second: 0], rewritten: [.first, .second], total: 19),
      ]),
    Course(
      "Go on where a rule was written again with its counters",
      [
        Step(packets: [.first: 5, .second: 3], total: 8),
        Step(packets: [.first: 5, .second: 3], rewritten: [.first, .second], total: 8),
        Step(packets: [.first: 6, .second: 3], total: 9),
      ]),
    Course(
      "Are counted from 0 on where the same rule's counters were set to 0",
      [
        Step(packets: [.first: 5, .second: 3], total: 8),
        Step(packets: [.first: 2, .second: 3], total: 10),
        Step(packets: [.first: 3, .second: 3], total: 11),
      ]),
    Course(
      "Stay when an endpoint goes, and are all of a new one",
      [
        Step(packets: [.first: 5, .second: 3], total: 8), Step(packets: [.second: 4], total: 9),
        Step(packets: [.first: 6, .second: 4], rewritten: [.first], total: 15),
      ]),
    Course(
      "Are none where the counters are as old as the last reading",
      [
        Step(packets: [.first: 5, .second: 3], total: 8),
        Step(packets: [.first: 5, .second: 3], total: 8),
        Step(packets: [.first: 9, .second: 3], total: 12),
      ]),
  ]

  @Test("They never fall", arguments: courses, [false, true])
  func course(_ course: Course, isSameContent: Bool) async throws {
    let handles = HandleCounter()
    var contents: [[EndpointCounters.Endpoint]: FamilySnapshot] = [:]
    let steps = try course.steps.map { step in
      let chains = Set(step.rewritten.map(\.chain))
      handles.rewrite { chains.contains($0.chain.description) }
      let ruleset = EndpointCounters(packets: step.packets).ruleset
      let endpoints = step.packets.keys.sorted()
      let known = contents[endpoints]
      let snapshot = try ruleset.snapshot()
      contents[endpoints] = known ?? snapshot
      let counters = Dictionary(
        uniqueKeysWithValues: zip(
          try #require(snapshot.table(.nat)).content.identities,
          try #require(snapshot.table(.nat)).counters))
      return (isSameContent ? known ?? snapshot : snapshot).with(
        backend: .nft, counters: { counters[$0] ?? Counter() }, handles: handles.handle)
    }
    let exporter = Exporter(steps: steps.map { [FamilyReading($0)] })
    for step in course.steps {
      #expect(
        try await exporter.metrics().service("shop/web", "connections_total") == step.total)
    }
  }

  @Test(
    "Are exactly those that were sent, where rules are written again after a reading",
    arguments: 1...20)
  func random(_ seed: UInt64) async throws {
    var generator = SplitMix64(seed: seed)
    let handles = HandleCounter()
    var packets: [EndpointCounters.Endpoint: UInt64] = [.first: 0, .second: 0]
    var steps: [[FamilyReading]] = []
    var totals: [UInt64] = []
    for _ in 1...60 {
      var total = totals.last ?? 0
      for endpoint in EndpointCounters.Endpoint.allCases {
        let before = packets[endpoint, default: 0]
        let isRewritten = Bool.random(using: &generator)
        var sent = UInt64.random(in: 0...50, using: &generator)
        if isRewritten {
          handles.rewrite { $0.chain.description == endpoint.chain }
          // Else it would seem to have been written with its counters.
          if sent == before { sent += 1 }
        }
        packets[endpoint] = (isRewritten ? 0 : before) + sent
        total += sent
      }
      let snapshot = try EndpointCounters(packets: packets).ruleset.snapshot()
      steps.append([FamilyReading(snapshot.with(backend: .nft, handles: handles.handle))])
      totals.append(total)
    }
    let exporter = Exporter(steps: steps)
    for total in totals {
      #expect(
        try await exporter.metrics(.connections).service("shop/web", "connections_total")
          == Double(total))
    }
  }

  /// A chain with so many DNAT rules, each with its handle and its packets.
  private static func chain(_ rules: [(port: Int, handle: UInt64, packets: UInt64)]) throws
    -> FamilySnapshot
  {
    var lines = [
      "-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment \"shop/web cluster IP\" "
        + "-m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV",
      "-A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-6Y64NGU6GYXT5LIA",
    ]
    for rule in rules {
      lines.append(
        "[\(rule.packets):\(rule.packets)] -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m tcp "
          + "-j DNAT --to-destination 10.0.0.1:\(rule.port)")
    }
    var rest = rules.map(\.handle)
    return try RulesetText(nat: lines.joined(separator: "\n")).snapshot().with(
      backend: .nft,
      handles: { identity in
        identity.chain == "KUBE-SEP-6Y64NGU6GYXT5LIA" ? rest.removeFirst() : 1_000
      })
  }

  @Test("A rule that goes up or down in its chain is the same rule")
  func shifted() async throws {
    let states: [([(port: Int, handle: UInt64, packets: UInt64)], Double)] = [
      ([(80, 1, 5)], 5),
      ([(81, 2, 4), (80, 1, 6)], 10),
      ([(80, 1, 7)], 11),
      ([(80, 1, 7), (81, 3, 2)], 13),
      ([(81, 3, 3), (80, 1, 8)], 15),
      ([(82, 4, 1), (81, 3, 3), (80, 1, 9)], 17),
      ([(80, 1, 9)], 17),
    ]
    let exporter = Exporter(steps: try states.map { [FamilyReading(try Self.chain($0.0))] })
    for (_, total) in states {
      #expect(try await exporter.metrics().service("shop/web", "connections_total") == total)
    }
  }
}

import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Every rule's counters, over rewrites")
struct RuleGrowthTests {
  /// A rule of INPUT: what it accepts, what it has counted, and its handle.
  struct Entry {
    let port: Int
    let packets: UInt64
    let handle: UInt64

    init(_ port: Int, _ packets: UInt64, handle: UInt64 = 0) {
      self.port = port
      self.packets = packets
      self.handle = handle
    }
  }

  struct Course: CustomTestStringConvertible {
    let testDescription: String
    let steps: [(rules: [Entry], totals: [Int: Double])]

    init(_ description: String, _ steps: [([Entry], [Int: Double])]) {
      testDescription = description
      self.steps = steps.map { (rules: $0.0, totals: $0.1) }
    }
  }

  static let legacy = [
    Course("Grow", [([Entry(80, 5)], [80: 5]), ([Entry(80, 7)], [80: 7])]),
    Course(
      "Go on from where they were when they start again",
      [([Entry(80, 5)], [80: 5]), ([Entry(80, 2)], [80: 7]), ([Entry(80, 3)], [80: 8])]),
    Course(
      "Move with their rule",
      [
        ([Entry(80, 5), Entry(81, 3)], [80: 5, 81: 3]),
        ([Entry(81, 4), Entry(82, 1), Entry(80, 5)], [80: 5, 81: 4, 82: 1]),
      ]),
    Course(
      "Of equal rules are summed, and stay when one of them goes",
      [
        ([Entry(80, 5), Entry(80, 3)], [80: 8]), ([Entry(80, 6), Entry(80, 3)], [80: 9]),
        ([Entry(80, 6)], [80: 9]), ([Entry(80, 6), Entry(80, 1)], [80: 10]),
      ]),
    Course(
      "Go on when a rule comes back",
      [
        ([Entry(80, 5), Entry(81, 0)], [80: 5, 81: 0]), ([Entry(81, 0)], [81: 0]),
        ([Entry(81, 0)], [81: 0]), ([Entry(80, 2), Entry(81, 0)], [80: 7, 81: 0]),
      ]),
    Course(
      "Are all that a new rule says",
      [([], [:]), ([Entry(80, 5)], [80: 5]), ([Entry(80, 6), Entry(81, 9)], [80: 6, 81: 9])]),
  ]

  static let nft = [
    Course(
      "Are all that a rule says that was written again",
      [([Entry(80, 5, handle: 1)], [80: 5]), ([Entry(80, 9, handle: 2)], [80: 14])]),
    Course(
      "Go on where a rule was written again with its counters",
      [([Entry(80, 5, handle: 1)], [80: 5]), ([Entry(80, 5, handle: 2)], [80: 5])]),
    Course(
      "Of equal rules are those of each: the first goes",
      [
        ([Entry(80, 10, handle: 1), Entry(80, 20, handle: 2)], [80: 30]),
        ([Entry(80, 25, handle: 2)], [80: 35]),
      ]),
    Course(
      "Of equal rules are those of each: another comes before",
      [
        ([Entry(80, 10, handle: 1)], [80: 10]),
        ([Entry(80, 2, handle: 2), Entry(80, 11, handle: 1)], [80: 13]),
      ]),
    Course(
      "Of equal rules are those of each: they change places",
      [
        ([Entry(80, 10, handle: 1), Entry(80, 20, handle: 2)], [80: 30]),
        ([Entry(80, 21, handle: 2), Entry(80, 10, handle: 1)], [80: 31]),
      ]),
  ]

  @Test("Without handles", arguments: legacy)
  func withoutHandles(_ course: Course) async throws { try await check(course, .legacy) }

  @Test("With handles", arguments: nft)
  func withHandles(_ course: Course) async throws { try await check(course, .nft) }

  private func check(_ course: Course, _ backend: Backend) async throws {
    let exporter = Exporter(
      steps: course.steps.map { [Self.reading($0.rules, backend)] },
      .plain(collectors: [.rules]))
    for step in course.steps {
      let metrics = try await exporter.metrics()
      let totals = Dictionary(
        uniqueKeysWithValues: step.totals.map {
          ("-p tcp -m tcp --dport \($0.key) -j ACCEPT", $0.value)
        })
      #expect(metrics.rulePackets("INPUT") == totals)
      #expect(metrics.sum("iptables_rule_bytes_total") == 60 * totals.values.reduce(0, +))
    }
  }

  @Test("Come from a failed reading, and from a table that was gone, unharmed")
  func interruptions() async throws {
    let empty = FamilyReading(FamilySnapshot(backend: .legacy, family: .ipv4, tables: []))
    let exporter = Exporter(
      steps: [
        [Self.reading([Entry(80, 5)], .legacy)], [.failed(.ipv4)],
        [Self.reading([Entry(80, 6)], .legacy)], [empty],
        [Self.reading([Entry(80, 2)], .legacy)],
      ], .plain(collectors: [.rules]))
    for total in [5, nil, 6, nil, 8] as [Double?] {
      let packets = try await exporter.metrics().rulePackets("INPUT").values
      #expect(packets.first == total)
    }
  }

  @Test(
    "Are exactly what was sent, where rules are written again after a reading", arguments: 1...20)
  func random(_ seed: UInt64) async throws {
    var generator = SplitMix64(seed: seed)
    var rules: [Entry] = []
    var handle: UInt64 = 0
    var sent: [Int: Double] = [:]
    var steps: [[FamilyReading]] = []
    var totals: [[Int: Double]] = []
    for _ in 1...60 {
      let before = rules
      rules = rules.compactMap { rule in
        let more = UInt64.random(in: 0...50, using: &generator)
        switch UInt8.random(in: 0..<10, using: &generator) {
        case 0: return nil
        case 1:
          handle += 1
          // Else it would seem to have been written with its counters, or those of an equal one.
          let others = before.map(\.packets)
          let packets = (more...).first { !others.contains($0) } ?? more
          sent[rule.port, default: 0] += Double(packets)
          return Entry(rule.port, packets, handle: handle)
        default:
          sent[rule.port, default: 0] += Double(more)
          return Entry(rule.port, rule.packets + more, handle: rule.handle)
        }
      }
      if Bool.random(using: &generator) { rules.shuffle(using: &generator) }
      for _ in 0..<Int.random(in: 0...2, using: &generator) {
        handle += 1
        let port = Int.random(in: 80...84, using: &generator)
        let packets = UInt64.random(in: 10_000...20_000, using: &generator)
        rules.insert(
          Entry(port, packets, handle: handle),
          at: Int.random(in: 0...rules.count, using: &generator))
        sent[port, default: 0] += Double(packets)
      }
      steps.append([Self.reading(rules, .nft)])
      totals.append(sent.filter { total in rules.contains { $0.port == total.key } })
    }
    let exporter = Exporter(steps: steps, .plain(collectors: [.rules]))
    for totals in totals {
      let packets = try await exporter.metrics().rulePackets("INPUT")
      #expect(packets.count == totals.count)
      for (port, total) in totals {
        #expect(packets["-p tcp -m tcp --dport \(port) -j ACCEPT"] == total)
      }
    }
  }

  private static func reading(_ entries: [Entry], _ backend: Backend) -> FamilyReading {
    let rules = entries.map { entry in
      Rule(stringLiteral: "-p tcp -m tcp --dport \(entry.port) -j ACCEPT")
    }
    let content = TableContent(
      family: .ipv4, name: .filter,
      chains: [Chain(name: "INPUT", policy: .accept, rules: RuleList(rules))])
    let table = TableSnapshot(
      content: content,
      counters: entries.map { Counter(packets: $0.packets, bytes: $0.packets * 60) },
      policyCounters: [Counter()], handles: backend == .nft ? entries.map(\.handle) : [])
    return FamilyReading(FamilySnapshot(backend: backend, family: .ipv4, tables: [table]))
  }
}

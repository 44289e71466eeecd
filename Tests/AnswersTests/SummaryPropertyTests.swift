import Answers
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("The summary of whatever differs")
struct SummaryPropertyTests {
  private static let fixtures = [
    "legacy-1.21/d-08-externalips.rules", "legacy-1.28/d-07-itp-local-none.rules",
    "legacy-1.28/d-09-no-endpoints.rules", "legacy-1.28/h-04-dual-lb.v6.rules",
    "legacy-1.28/n-01-noise.rules",
  ]

  @Test("is never empty, for all rules and for those of one service port", arguments: 0..<60)
  func neverEmpty(_ seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let fixture = Fixture(Self.fixtures[seed % Self.fixtures.count])
    let lines = String(decoding: try fixture.bytes(), as: UTF8.self).split(separator: "\n")
      .map { line in
        // In some, a chain of kube-proxy has a policy: no kernel has that, but a file may.
        seed.isMultiple(of: 7)
          ? line.replacing(":KUBE-SERVICES -", with: ":KUBE-SERVICES DROP") : line
      }
      .map(String.init)
    let old = try Ruleset(bytes: Self.bytes(lines))
    var edited = lines
    for _ in 0..<Int.random(in: 1...3, using: &random) { Self.edit(&edited, &random) }
    if seed.isMultiple(of: 3) {
      // No kernel has a built-in chain without a policy, but a file may.
      edited = edited.map { $0.replacing(#/^(:[A-Z]+) (ACCEPT|DROP)/#, with: { "\($0.1) -" }) }
    }
    let new = try Ruleset(bytes: Self.bytes(edited))
    for (before, after) in [(old, new), (new, old)] {
      let difference = RulesetDifference(from: before, to: after)
      expectSummary(of: difference)
      for group in difference.groups {
        guard case .servicePort(let port) = group.owner else { continue }
        expectSummary(
          of: RulesetDifference(from: before, to: after, selection: { $0 == port }))
      }
    }
  }

  @Test("tells of kube-proxy's jump, where one side has left out the policy of its chain")
  func jumpWithoutPolicy() throws {
    let chains = ":KUBE-SERVICES - [0:0]\n"
    let jump = "-A PREROUTING -j KUBE-SERVICES\n"
    for (policy, other) in [("-", "ACCEPT"), ("ACCEPT", "-")] {
      let old = try Ruleset(
        bytes: Array("*nat\n:PREROUTING \(policy) [0:0]\n\(chains)\(jump)COMMIT\n".utf8))
      let new = try Ruleset(
        bytes: Array("*nat\n:PREROUTING \(other) [0:0]\n\(chains)COMMIT\n".utf8))
      #expect(
        RulesetDifference(from: old, to: new).findings.map(\.kind).contains(.hookJumpRemoved))
      #expect(RulesetDifference(from: new, to: old).findings.map(\.kind).contains(.hookJumpAdded))
    }
  }

  private func expectSummary(of difference: RulesetDifference) {
    let kinds = difference.findings.map(\.kind)
    #expect(!kinds.isEmpty)
    #expect(kinds.contains(.nothing) == difference.isEmpty)
  }

  @Test("tells of rules that only moved, in whatever chain", arguments: fixtures)
  func moves(_ name: String) throws {
    let lines = String(decoding: try Fixture(name).bytes(), as: UTF8.self)
      .split(separator: "\n").map(String.init)
    let old = try Ruleset(bytes: Self.bytes(lines))
    for (index, pair) in zip(lines, lines.dropFirst()).enumerated()
    where pair.0 != pair.1 && Self.chain(pair.0) != nil && Self.chain(pair.0) == Self.chain(pair.1)
    {
      var edited = lines
      edited.swapAt(index, index + 1)
      let difference = RulesetDifference(from: old, to: try Ruleset(bytes: Self.bytes(edited)))
      if difference.counts.rulesMoved > 0 {
        #expect(
          !difference.findings.isEmpty && difference.findings[0].kind != .nothing, "\(pair.0)")
      }
    }
  }

  private static func bytes(_ lines: [String]) -> [UInt8] {
    Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  /// The chain that a rule's line stands in.
  private static func chain(_ line: String) -> Substring? {
    line.firstMatch(of: #/^(\[\d+:\d+\] )?-A (\S+)/#)?.2
  }

  /// Takes a rule out, puts it elsewhere in its chain, writes it twice, drops its comment, changes a number
  /// in it, or empties its chain.
  private static func edit(_ lines: inout [String], _ random: inout SplitMix64) {
    let rules = lines.indices.filter { chain(lines[$0]) != nil }
    guard let index = rules.randomElement(using: &random), let name = chain(lines[index]) else {
      return
    }
    let siblings = rules.filter { chain(lines[$0]) == name }
    let line = lines[index]
    switch Int.random(in: 0..<8, using: &random) {
    case 0: lines.remove(at: index)
    case 1: lines.insert(line, at: index)
    case 2: lines[index] = line.replacing(#/ -m comment --comment ("[^"]*"|\S+)/#, with: "")
    case 3:
      lines[index] = line.replacing(
        #/(dport|\d:|0\.)(\d)/#, with: { "\($0.1)\($0.2 == "1" ? "2" : "1")" })
    case 4: for sibling in siblings.reversed() { lines.remove(at: sibling) }
    default:
      let place = siblings.randomElement(using: &random) ?? index
      lines.remove(at: index)
      lines.insert(line, at: place)
    }
  }
}

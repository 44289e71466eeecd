import FoundationEssentials
import IPTablesSource
import Netfilter
import PacketWalk
import TestSupport
import Testing

/// The kernel is the oracle of the walk: for each packet that is sent, the rules that the walk has match
/// are those whose counters rise, and the packet comes out where and as the walk says.
///
/// `KIE_PACKET_SECONDS` says for how long packets are sent in all cases together (12), and
/// `KIE_PACKET_SEED` which ones (1): each rule set and its packets have the next number. Rules on which the walk and the kernel disagree are
/// written to the folder `KIE_PACKET_RULES`.
@Suite(.liveKernel) struct KernelWalkTests {
  struct Kernel: Sendable, CustomTestStringConvertible {
    let backend: Backend
    let family: IPFamily

    var testDescription: String { "\(backend), \(family.rawValue)" }

    static let all = Backend.allCases.flatMap { backend in
      IPFamily.allCases.map { Kernel(backend: backend, family: $0) }
    }
  }

  @Test(arguments: Kernel.all)
  func `rules do with packets what the walk says`(_ kernel: Kernel) throws {
    let fixtures = Fixture.all.filter {
      $0.backend == kernel.backend && $0.family == kernel.family
    }
    let agents = try AgentRules.all(kernel.family)
    try withNetworkNamespace {
      var trial = KernelTrial(KernelOracle(try WalkNode(), kernel.backend, kernel.family))
      let end = ContinuousClock.now + Self.duration
      var seed = Self.seed
      repeat {
        let number = Int(seed / 3)
        switch seed % 3 {
        case 0: try trial.runRandomRules(seed)
        case 1: try trial.run(fixtures[number % fixtures.count], seed)
        default: try trial.run(agents[number % agents.count], seed)
        }
        seed += 1
      } while ContinuousClock.now < end && trial.failures < 5
      print("\(kernel.testDescription), seed \(Self.seed): \(trial.oracle.figures)")
      #expect(trial.oracle.figures.packets > 0)
    }
  }

  private static let seed =
    ProcessInfo.processInfo.environment["KIE_PACKET_SEED"].flatMap(UInt64.init) ?? 1

  /// Of each case.
  private static let duration: Duration =
    .seconds(ProcessInfo.processInfo.environment["KIE_PACKET_SECONDS"].flatMap(Int.init) ?? 12) / 4
}

/// Sends packets, and records what the walk and the kernel disagree on.
struct KernelTrial {
  private(set) var oracle: KernelOracle
  private(set) var failures = 0
  private var packets = RandomPackets()
  private var text = ""

  init(_ oracle: KernelOracle) { self.oracle = oracle }

  mutating func runRandomRules(_ seed: UInt64) throws {
    var rules = RandomRules(oracle.family, seed: seed)
    let family = oracle.family
    try run(rules.text(), seed) { $0.packet(family) }
  }

  /// With a kube-proxy's rules.
  mutating func run(_ fixture: Fixture, _ seed: UInt64) throws {
    let targets = RuleTargets(try fixture.snapshot())
    try run(String(decoding: fixture.bytes(), as: UTF8.self), seed) { $0.packet(to: targets) }
  }

  /// With another agent's rules.
  mutating func run(_ agent: AgentRules, _ seed: UInt64) throws {
    try agent.makeSets()
    let targets = RuleTargets(try agent.snapshot())
    try run(agent.text, seed) { $0.packet(to: targets) }
  }

  private mutating func run(
    _ text: String, _ seed: UInt64, _ next: (inout RandomPackets) -> RandomPackets.Sent
  ) throws {
    if try load(text, seed) { try send(20, seed, next) }
  }

  /// Whether the rules could be loaded.
  private mutating func load(_ text: String, _ seed: UInt64) throws -> Bool {
    self.text = text
    do {
      try oracle.load(text)
    } catch let failure as Command.Failure {
      fail("\(failure)", seed)
      return false
    }
    return true
  }

  /// Sends packets, and where a connection isn't translated, a reply to the first one.
  private mutating func send(
    _ count: Int, _ seed: UInt64, _ next: (inout RandomPackets) -> RandomPackets.Sent
  ) throws {
    packets.begin(seed: seed)
    for _ in 0..<count {
      let sent = next(&packets)
      var found = try oracle.disagreements(on: sent.packet, from: sent.origin)
      if found.isEmpty, let reply = oracle.reply {
        found = try oracle.disagreements(on: reply.packet, from: reply.origin)
      }
      if found.isEmpty { continue }
      return fail(found.joined(separator: "\n"), seed)
    }
  }

  private mutating func fail(_ words: String, _ seed: UInt64) {
    failures += 1
    Issue.record("KIE_PACKET_SEED=\(seed), \(oracle.backend), \(oracle.family): \(words)")
    guard let folder = ProcessInfo.processInfo.environment["KIE_PACKET_RULES"] else { return }
    let path = "\(folder)/\(seed)-\(oracle.backend)-\(oracle.family)"
    try? text.write(toFile: path, atomically: false, encoding: .utf8)
  }
}

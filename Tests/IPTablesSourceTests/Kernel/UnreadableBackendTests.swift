import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import IPTablesSource

@Suite("A backend that can't be read holds unknown rules, not none")
struct UnreadableBackendTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let legacy: ScriptedBackend.RulesetExample
    let nft: ScriptedBackend.RulesetExample
    let followed: [Backend]
  }

  private static let cases = [
    Case(
      testDescription: "both are followed where the services may be in the other",
      legacy: .refused, nft: .empty, followed: [.legacy, .nft]),
    Case(
      testDescription: "that with the services is followed alone",
      legacy: .refused, nft: .services, followed: [.nft]),
    Case(
      testDescription: "both are followed where nf_tables is refused",
      legacy: .empty, nft: .refused, followed: [.legacy, .nft]),
    Case(
      testDescription: "legacy is followed alone where the services are there",
      legacy: .services, nft: .refused, followed: [.legacy]),
    Case(
      testDescription: "what the kernel doesn't have holds no rules",
      legacy: .empty, nft: .absent, followed: [.legacy]),
    Case(
      testDescription: "legacy is followed where it is refused and there is nothing else",
      legacy: .refused, nft: .absent, followed: [.legacy]),
  ]

  @Test("So", arguments: cases)
  func followed(_ example: Case) {
    let source = KernelSource(
      legacy: ScriptedBackend(.legacy, example.legacy), nft: ScriptedBackend(.nft, example.nft))
    for _ in 0..<2 {
      let reading = source.read([])
      #expect(reading.families.filter(\.isFollowed).map(\.backend) == example.followed)
    }
  }

  @Test("It is tried again at each reading")
  func retried() {
    let legacy = ScriptedBackend(.legacy, .refused)
    let source = KernelSource(legacy: legacy, nft: ScriptedBackend(.nft, .services))
    _ = source.read([])
    legacy.rules = .empty
    #expect(source.read([]).families.allSatisfy { (try? $0.result.get()) != nil })
    #expect(legacy.readings == 2)
  }

  @Test("What legacy doesn't tell of is seen within a minute", arguments: [false, true])
  func hiddenChange(isHint: Bool) {
    var now = ContinuousClock.now
    let legacy = ScriptedBackend(.legacy, .empty)
    let source = KernelSource(
      legacy: legacy, nft: ScriptedBackend(.nft, .empty), now: { now })
    #expect(source.read([]).choice?.backend == .nft)
    if isHint { legacy.holdsHint = true } else { legacy.rules = .services }
    now += .seconds(59)
    #expect(source.read([]).choice?.backend == .nft && legacy.readings == 1)
    now += .seconds(1)
    #expect(source.read([]).choice?.backend == .legacy)
  }

  @Test(
    "The kubelet's hint is seen where another chain of its size was",
    .liveKernel, arguments: [[.nat], [.nat, .mangle]] as [Set<TableName>])
  func replacedHint(_ tables: Set<TableName>) throws {
    try withNetworkNamespace {
      func load(_ name: String) throws {
        try LegacyCommands.restore(Array("*mangle\n:\(name) - [0:0]\nCOMMIT\n".utf8), .ipv4)
      }
      try load("KUBE-KUBELET-NOTHING")
      let source = LegacySource(tables: tables, families: [.ipv4], signs: .kubeProxy)
      _ = source.read([])
      #expect(!source.hasHint)
      try load("KUBE-IPTABLES-HINT")
      // The kernel doesn't tell.
      #expect(!source.mayHaveChanged())
      _ = source.read([])
      #expect(source.hasHint)
    }
  }
}

extension KernelSource {
  /// Follows the backend that kube-proxy uses.
  fileprivate convenience init(
    legacy: ScriptedBackend, nft: ScriptedBackend,
    now: @escaping () -> ContinuousClock.Instant = { .now }
  ) {
    self.init(
      backend: .auto, legacy: legacy, nft: nft, signs: .kubeProxy,
      choose: BackendChoice.init(legacy:nft:), now: now)
  }
}

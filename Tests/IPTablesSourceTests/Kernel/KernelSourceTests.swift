import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("A kernel with two backends", .liveKernel)
struct KernelSourceTests {
  private static let kubernetes = RulesetText(
    nat: """
      -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
      -A KUBE-SERVICES -j RETURN
      """)
  private static let others = RulesetText(nat: "-A PREROUTING -j ACCEPT")
  private static let hint = Array(
    """
    *mangle
    :PREROUTING ACCEPT [0:0]
    :INPUT ACCEPT [0:0]
    :FORWARD ACCEPT [0:0]
    :OUTPUT ACCEPT [0:0]
    :POSTROUTING ACCEPT [0:0]
    :KUBE-KUBELET-CANARY - [0:0]
    COMMIT

    """.utf8)

  private static func source(
    _ backend: BackendSelection, tables: Set<TableName> = [.nat],
    families: Set<IPFamily> = [.ipv4]
  ) -> KernelSource {
    KernelSource(
      backend: backend, tables: tables, families: families, signs: .kubeProxy,
      choose: BackendChoice.init(legacy:nft:))
  }

  /// The backends that a reading followed.
  private static func followed(_ reading: RulesetReading) -> [Backend] {
    reading.families.filter(\.isFollowed).map(\.backend)
  }

  @Test("Is followed where kube-proxy's rules are, wherever they go")
  func follows() throws {
    try withNetworkNamespace {
      let source = Self.source(.auto)
      #expect(source.read(.all).choice == BackendChoice(backend: .nft, reason: .rules))
      try LegacyCommands.restore(Self.kubernetes.bytes)
      let first = source.read(.all)
      #expect(first.choice == BackendChoice(backend: .legacy, reason: .services))
      #expect(Self.followed(first) == [.legacy])
      try NFTCommands.restore(Self.kubernetes.bytes)
      try NFTCommands.restore(Self.hint)
      let second = source.read(.all)
      #expect(second.choice == BackendChoice(backend: .nft, reason: .hint))
      #expect(Self.followed(second) == [.nft])
      #expect(second.families.map(\.backend) == [.legacy, .nft])
      try NFTCommands.restore(Self.others.bytes)
      let third = source.read(.all)
      #expect(third.choice == BackendChoice(backend: .legacy, reason: .services))
      #expect(Self.followed(third) == [.legacy])
    }
  }

  @Test("Shows what the other backend holds, and when that changes")
  func other() throws {
    try withNetworkNamespace {
      try NFTCommands.restore(Self.kubernetes.bytes)
      let source = Self.source(.auto)
      _ = source.read(.all)
      #expect(!source.mayHaveChanged())
      try LegacyCommands.restore(Self.others.bytes)
      #expect(source.mayHaveChanged())
      let reading = source.read(.all)
      #expect(reading.choice == BackendChoice(backend: .nft, reason: .services))
      let legacy = try #require(reading.families.first { $0.backend == .legacy })
      #expect(!legacy.isFollowed)
      #expect(try legacy.result.get().table(.nat)?.content.ruleCount == 1)
      #expect(!source.mayHaveChanged())
    }
  }

  @Test("Is followed in both where that is wanted, in one where only that is")
  func configured() throws {
    try withNetworkNamespace {
      try NFTCommands.restore(Self.kubernetes.bytes)
      try LegacyCommands.restore(Self.others.bytes)
      #expect(Self.followed(Self.source(.both).read(.all)) == [.legacy, .nft])
      #expect(Self.source(.both).read(.all).choice?.backend == .nft)
      let legacy = Self.source(.legacy).read(.all)
      #expect(legacy.families.map(\.backend) == [.legacy])
      #expect(legacy.choice == BackendChoice(backend: .legacy, reason: .configured))
      let nft = Self.source(.nft).read(.all)
      #expect(nft.families.map(\.backend) == [.nft])
      #expect(nft.choice == BackendChoice(backend: .nft, reason: .configured))
    }
  }

  @Test("Tells what shows that kube-proxy is in another mode")
  func otherModes() throws {
    try withNetworkNamespace {
      let source = Self.source(.auto)
      #expect(source.read(.all).node == NodeEvidence())
      try NFTCommands.run("add table ip6 kube-proxy")
      #expect(!source.read(.all).node.hasTable)
      let dual = Self.source(.auto, families: [.ipv4, .ipv6])
      #expect(dual.read(.all).node == NodeEvidence(hasTable: true))
      for backend in BackendSelection.allCases {
        let source = Self.source(backend, families: [.ipv4, .ipv6])
        #expect(source.read([]).node == NodeEvidence(hasTable: true), "\(backend)")
      }
      try Command.run("ip", "link", "add", "kube-ipvs0", "type", "veth")
      for backend in BackendSelection.allCases {
        let source = Self.source(backend)
        #expect(source.read([]).node == NodeEvidence(hasInterface: true), "\(backend)")
      }
    }
  }

  @Test("Loads and makes nothing by being read")
  func creates() throws {
    try withNetworkNamespace {
      _ = Self.source(
        .both, tables: Set(TableName.allCases), families: [.ipv4, .ipv6]
      ).read(.all)
      let tables = try Command.run("nft", "list", "tables")
      #expect(tables.isEmpty)
      #expect(try Command.run("cat", "/proc/thread-self/net/ip_tables_names").isEmpty)
    }
  }
}

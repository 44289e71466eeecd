public import KubeProxy
public import Netfilter

/// A node, live or as a file has it, that `migrate` examines.
public struct MigrationSource: Sendable {
  /// The file's name, or `kernel`.
  let name: String
  /// The rules of the backend that kube-proxy uses.
  let families: [FamilySnapshot]
  /// Those of the other backend.
  let others: [FamilySnapshot]
  let mode: KubeProxyMode
  /// What only a live node shows; nil for a file.
  let node: LiveNode?

  public init(
    name: String, families: [FamilySnapshot], others: [FamilySnapshot] = [], mode: KubeProxyMode,
    node: LiveNode? = nil
  ) {
    self.name = name
    self.families = families
    self.others = others
    self.mode = mode
    self.node = node
  }
}

/// What a node shows beside its rules.
public struct LiveNode: Sendable {
  /// What `uname -r` prints, such as `6.1.0-18-amd64`; nil where it can't be read.
  let kernelRelease: String?
  let evidence: NodeEvidence
  /// What nfacct's objects of that name have counted; nil where there is none of the name, or that isn't
  /// known.
  let counted: @Sendable (String) -> UInt64?
  /// Why no objects of nfacct are known; nil where they are, or there are none.
  let accountsFailure: String?

  public init(
    kernelRelease: String?, evidence: NodeEvidence, accountsFailure: String? = nil,
    counted: @escaping @Sendable (String) -> UInt64? = { _ in nil }
  ) {
    self.kernelRelease = kernelRelease
    self.evidence = evidence
    self.accountsFailure = accountsFailure
    self.counted = counted
  }
}

/// A kernel's version, as far as it matters.
struct KernelVersion: Comparable, CustomStringConvertible {
  let major: Int
  let minor: Int

  init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// The version that a release begins with, such as 5.13 of `5.13.0-52-generic`; nil where it begins with none.
  init?(release: String) {
    let parts = release.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, let major = Int(parts[0]),
      let minor = Int(parts[1].prefix { $0.isASCII && $0.isNumber })
    else { return nil }
    self.init(major, minor)
  }

  static func < (left: Self, right: Self) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }

  var description: String { "\(major).\(minor)" }
}

extension FamilySnapshot {
  /// The rules of a chain, with what they have counted. `body` gets each, where it stands, and its packets.
  func forEachRule(
    of name: ChainName, in table: TableName, _ body: (RuleOutline, Int, UInt64) -> Void
  ) {
    guard let table = self.table(table), let chain = table.content.chainIndex(of: name) else {
      return
    }
    let rules = table.content.chains[chain].rules
    let first = table.content.firstRules[chain]
    for position in rules.indices {
      body(rules.outline(at: position), position, table.counters[first + position].packets)
    }
  }

  /// Whether anything was counted. A file that was saved without counters has none but 0.
  var hasCounts: Bool {
    tables.contains { table in
      table.counters.contains { $0.packets > 0 } || table.policyCounters.contains { $0.packets > 0 }
    }
  }

  /// A rule of a chain that exists, to be shown; nil where it doesn't.
  func rule(_ position: Int, of name: ChainName, in table: TableName) -> MigrationRule? {
    guard let content = self.table(table)?.content, let chain = content.chainIndex(of: name) else {
      return nil
    }
    return MigrationRule(content, backend, chain: chain, position)
  }
}

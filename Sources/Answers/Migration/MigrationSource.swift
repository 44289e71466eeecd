internal import KubeProxy
public import Netfilter

/// A node, live or as a file has it, that `migrate` examines.
struct MigrationSource: Sendable {
  let ruleset: Ruleset
  /// What only a live node shows; nil for a file.
  let node: LiveNode?

  var families: [FamilySnapshot] { ruleset.families }
  var mode: KubeProxyMode { ruleset.mode }
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

extension FamilySnapshot {
  /// Calls `body` with each rule of a chain, and the packets that it has counted.
  func forEachRule(
    of name: ChainName, in table: TableName, _ body: (RuleOutline, MigrationRule, UInt64) -> Void
  ) {
    guard let table = self.table(table), let chain = table.content.chainIndex(of: name) else {
      return
    }
    let rules = table.content.chains[chain].rules
    for (position, rule) in zip(rules.indices, table.content.ruleRange(of: chain)) {
      let place = MigrationRule(
        backend: backend, content: table.content, chainIndex: chain, position: position)
      body(rules.outline(at: position), place, table.counters[rule].packets)
    }
  }

  /// Whether anything was counted. A file that was saved without counters has none but 0.
  var hasCounts: Bool {
    tables.contains { table in
      table.counters.contains { $0.packets > 0 } || table.policyCounters.contains { $0.packets > 0 }
    }
  }
}

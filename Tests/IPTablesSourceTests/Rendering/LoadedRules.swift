import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// Rules that were loaded into the kernel: what iptables-save prints of their table, and what is read.
struct LoadedRules {
  let saved: [UInt8]
  let snapshot: FamilySnapshot

  /// Loads a dump into a network namespace that is gone afterwards.
  init(
    _ dump: String, _ family: IPFamily, _ table: TableName, in backend: Backend,
    groundwork: () throws -> Void = {}
  ) throws {
    (saved, snapshot) = try withNetworkNamespace {
      try groundwork()
      try backend.load(Array(dump.utf8), family)
      let saved = try backend.save(table, family)
      let reading = backend.source(tables: [table], families: [family]).read().first
      return (saved, try #require(reading).result.get())
    }
  }

  init(_ rule: RenderedRule, in backend: Backend) throws {
    try self.init(rule.dump, rule.family, rule.table, in: backend)
  }

  /// The rules as iptables-save prints them, chain after chain.
  var printed: [String] { RuleLines.all(in: saved) }

  /// The same, rendered of the reading.
  var rendered: [String] { snapshot.tables.flatMap(\.renderedRules) }

  /// The first rule of the chain HERE.
  var rule: Rule? { RuleText.rule(in: [snapshot]) }
}

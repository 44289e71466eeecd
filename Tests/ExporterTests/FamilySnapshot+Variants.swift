import Netfilter
import TestSupport

/// A rule of a table, told by what churn tells it by: its chain, its content, and which of equal ones
/// it is.
struct RuleIdentity: Hashable {
  let chain: ChainName
  let rule: Rule
  let occurrence: Int
}

extension TableContent {
  /// The identities of all rules, in order.
  var identities: [RuleIdentity] {
    chains.flatMap { chain in
      var counts: [Rule: Int] = [:]
      return chain.rules.map { rule in
        counts[rule, default: 0] += 1
        return RuleIdentity(chain: chain.name, rule: rule, occurrence: counts[rule, default: 0])
      }
    }
  }
}

extension FamilySnapshot {
  /// The same rules in another backend, or with other counters or handles; each rule by its identity.
  /// Tables whose contents stay are the same objects.
  func with(
    backend: Backend? = nil, counters: ((RuleIdentity) -> Counter)? = nil,
    handles: ((RuleIdentity) -> UInt64)? = nil
  ) -> FamilySnapshot {
    FamilySnapshot(
      backend: backend ?? self.backend, family: family,
      tables: tables.map { table in
        TableSnapshot(
          content: table.content,
          counters: counters.map { table.content.identities.map($0) } ?? table.counters,
          policyCounters: table.policyCounters, size: table.size,
          handles: handles.map { table.content.identities.map($0) } ?? table.handles)
      }, absentTables: absentTables)
  }
}

/// Gives handles as nf_tables does: each rule one, and a new one when it is written again.
final class HandleCounter {
  private var handles: [RuleIdentity: UInt64] = [:]
  private var last: UInt64 = 0

  /// The handle of a rule; a new one where it has none.
  func handle(_ rule: RuleIdentity) -> UInt64 {
    if let handle = handles[rule] { return handle }
    last += 1
    handles[rule] = last
    return last
  }

  /// Writes rules again.
  func rewrite(where isWritten: (RuleIdentity) -> Bool) {
    handles = handles.filter { !isWritten($0.key) }
  }
}

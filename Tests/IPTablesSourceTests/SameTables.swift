import IPTablesSource
import Netfilter
import Testing

/// Expects the same contents and counters, and tells the first difference of each table only: rules
/// by the thousand help nobody.
func expectSame(
  _ tables: [TableSnapshot], _ expected: [TableSnapshot], counters: Bool = true,
  at location: SourceLocation = #_sourceLocation
) {
  #expect(tables.map(\.name) == expected.map(\.name), sourceLocation: location)
  for (table, expected) in zip(tables, expected) {
    if let difference = difference(table, expected, counters) {
      Issue.record("\(table.name): \(difference)", sourceLocation: location)
    }
  }
}

private func difference(
  _ table: TableSnapshot, _ expected: TableSnapshot, _ counters: Bool
) -> String? {
  let chains = (table.content.chains, expected.content.chains)
  guard chains.0.map(\.name) == chains.1.map(\.name) else {
    return "chains \(chains.0.map(\.name)), expected \(chains.1.map(\.name))"
  }
  for (chain, expected) in zip(chains.0, chains.1) {
    if chain.policy != expected.policy { return "\(chain.name)'s policy" }
    if chain.rules.count != expected.rules.count { return "\(chain.name)'s number of rules" }
    for (rule, expected) in zip(chain.rules, expected.rules)
    where rule != expected {
      return "\(rule.text(in: chain.name)), expected \(expected.text(in: chain.name))"
    }
  }
  guard counters else { return nil }
  if table.counters != expected.counters { return "counters" }
  return table.policyCounters == expected.policyCounters ? nil : "counters of policies"
}

import Netfilter
import TestSupport

/// Loads rules into a backend of this thread's network namespace, all that it takes.
struct RuleLoader {
  let backend: Backend
  let family: IPFamily
  private(set) var taken: [OfferedRule] = []
  private(set) var refused: [OfferedRule] = []

  /// Loads rules one list after the other, and as many at once as are taken together.
  init(_ backend: Backend, _ family: IPFamily, _ rules: [OfferedRule]...) {
    self.backend = backend
    self.family = family
    for list in rules { load(list) }
  }

  private mutating func load(_ rules: [OfferedRule]) {
    for table in TableName.allCases {
      for isRefused in [false, true] {
        load(
          rules.filter { $0.table == table && $0.isRefusedByPlan == isRefused }[...], table)
      }
    }
  }

  /// A table is restored whole or not at all, so where it is refused, each half is tried.
  private mutating func load(_ rules: ArraySlice<OfferedRule>, _ table: TableName) {
    if rules.isEmpty { return }
    let dump = Array(OfferedRule.dump(of: rules, table).utf8)
    if (try? backend.load(dump, family, keepingOthers: true)) != nil {
      taken += rules
    } else if rules.count > 1 {
      let middle = rules.startIndex + rules.count / 2
      load(rules[..<middle], table)
      load(rules[middle...], table)
    } else {
      refused += rules
    }
  }
}

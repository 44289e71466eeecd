import Netfilter

@testable import IPTablesSource

/// A backend that holds, or refuses, what a test says.
final class ScriptedBackend: BackendSource {
  let backend: Backend
  var rules: RulesetExample
  /// Whether the kubelet's hint is there; a reading finds out.
  var holdsHint = false
  private(set) var hasHint = false
  var isAbsent: Bool { rules == .absent }
  private(set) var readings = 0

  enum RulesetExample: Sendable {
    case empty, services, refused, absent
  }

  init(_ backend: Backend, _ rules: RulesetExample) {
    self.backend = backend
    self.rules = rules
  }

  func read(_: CounterSelection) -> RulesetReading {
    readings += 1
    hasHint = holdsHint
    return RulesetReading(families: [
      FamilyReading(backend: backend, family: .ipv4, result: result)
    ])
  }

  func mayHaveChanged() -> Bool { false }

  private var result: Result<FamilySnapshot, ReadingError> {
    switch rules {
    case .refused, .absent:
      .failure(ReadingError(operation: .listTables(.ipv4), cause: "refused"))
    case .empty, .services:
      .success(
        FamilySnapshot(
          backend: backend, family: .ipv4,
          tables: [
            TableSnapshot(
              content: TableContent(
                family: .ipv4, name: .nat,
                chains: rules == .empty ? [] : [Chain(name: "KUBE-SERVICES")]),
              counters: [], policyCounters: [])
          ]))
    }
  }
}

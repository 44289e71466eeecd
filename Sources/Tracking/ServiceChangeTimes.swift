internal import Churn
package import KubeProxy
package import Netfilter

/// When the rules of each service port in nat and filter last changed.
package struct ServiceChangeTimes: Sendable {
  private var times: [ChurnLedger.ServiceKey: Moment] = [:]

  /// Nil where no change was seen.
  package subscript(family: IPFamily, port: ServicePort) -> Moment? {
    times[ChurnLedger.ServiceKey(family: family, port: port)]
  }

  /// Enters the changes of a table.
  mutating func take(_ transition: TableTransition, at time: Moment) {
    guard transition.table == .nat || transition.table == .filter else { return }
    // Marked by index first: a name is looked up once, however many of its rules changed.
    var before = Marks(transition.old.map.services.count)
    var now = Marks(transition.new.map.services.count)
    for rules in transition.changedRules {
      rules.forEach { _, owner in
        switch owner {
        case .new(let index): now.insert(index)
        case .old(let index): before.insert(index)
        case nil: break
        }
      }
    }
    for (marks, map) in [(before, transition.old.map), (now, transition.new.map)] {
      for index in marks.indices {
        let port = map.services[index].port
        times[ChurnLedger.ServiceKey(family: transition.family, port: port)] = time
      }
    }
  }

  private struct Marks {
    private var isMarked: [Bool]

    init(_ count: Int) { isMarked = Array(repeating: false, count: count) }

    mutating func insert(_ index: Int) { isMarked[index] = true }

    var indices: some Sequence<Int> { isMarked.indices.lazy.filter { isMarked[$0] } }
  }

  /// Forgets service ports that are gone, should there be very many.
  mutating func forgetGone(_ family: IPFamily, keeping present: ServiceMap, atMost limit: Int) {
    guard times.count > present.services.count + limit else { return }
    let ports = Set(present.services.lazy.map(\.port))
    times = times.filter { $0.key.family != family || ports.contains($0.key.port) }
  }
}

import Churn
import KubeProxy
import Netfilter
import TestSupport
import Testing

/// The oracle is kube-proxy's own comment on each rule: it names the service port first.
@Suite("Whose the rules are that changed")
struct TableTransitionTests {
  /// Consecutive states of one node, of kube-proxy 1.28, which comments every rule.
  static let pairs = zip(
    Fixture.all.filter { $0.name.hasPrefix("legacy-1.28/d-") },
    Fixture.all.filter { $0.name.hasPrefix("legacy-1.28/d-") }.dropFirst()
  ).map { ($0, $1) }

  private func transition(_ old: Fixture, _ new: Fixture) throws -> TableTransition {
    func side(_ fixture: Fixture) throws -> TableTransition.Side {
      let snapshot = try fixture.snapshot()
      let content = try #require(snapshot.table(.nat)?.content)
      let filter = snapshot.table(.filter)?.content
      return TableTransition.Side(
        content: content, map: ServiceMap(nat: content, filter: filter))
    }
    return try TableTransition(from: side(old), to: side(new))
  }

  @Test("Each is the service port's that its comment names", arguments: pairs)
  func owners(_ old: Fixture, _ new: Fixture) throws {
    if old.family != new.family { return }
    var (owned, named) = (0, 0)
    for rules in try transition(old, new).changedRules
    where rules.change.name.description.contains("KUBE-S") {
      var counts = ChangeCounts.zero
      rules.change.difference.forEachEvent { event in
        counts[event.change] += 1
        guard let owner = rules.servicePort(of: event) else { return }
        owned += 1
        guard let comment = rules.rule(of: event)?.comments.first?.text else { return }
        let name = comment.prefix { $0 != " " }
        // Rules for all service ports name none.
        guard name.contains("/") else { return }
        #expect(owner.description == name)
        named += 1
      }
      #expect(counts.added == UInt64(rules.change.difference.added.count))
      #expect(counts.removed == UInt64(rules.change.difference.removed.count))
      #expect(counts.moved == UInt64(rules.change.difference.moved.count))
    }
    #expect(named > 0 || owned == 0)
  }

  @Test("There are pairs to compare")
  func pairsExist() { #expect(Self.pairs.count > 5) }
}

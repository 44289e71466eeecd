import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Rules that were written again with the same content")
struct RewrittenRuleTests {
  private static let creation = ArticleCreation.messiest

  /// Scrapes after each of the node's states.
  private func metrics(of states: [FamilySnapshot]) async throws -> Scrape {
    let exporter = Exporter(steps: states.map { [FamilyReading($0)] })
    for _ in states.dropLast() { _ = try await exporter.metrics() }
    return try await exporter.metrics()
  }

  private func scopes(_ metrics: Scrape) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: metrics.all("iptables_rules_rewritten_total").filter {
        $0.value > 0
      }.map { ("\($0["table", default: ""]) \($0["scope", default: ""])", $1) })
  }

  @Test("Are told by their handles, in a table that is the same", arguments: [false, true])
  func allAgain(isSameObject: Bool) async throws {
    let handles = HandleCounter()
    let first = try Fixture("nft-1.28/a-01-baseline.rules").snapshot()
    let second = isSameObject ? first : try Fixture("nft-1.28/a-01-baseline.rules").parsed()
    let old = first.with(handles: handles.handle)
    handles.rewrite { _ in true }
    let metrics = try await metrics(of: [old, old, second.with(handles: handles.handle)])
    for table in ["nat", "filter"] {
      #expect(
        metrics.sum("iptables_rules_rewritten_total", where: ["table": table])
          == metrics.sum("iptables_rules", where: ["table": table]))
    }
    #expect(
      metrics.nonzeroServices("rules_rewritten_total")
        == metrics.nonzeroServices("rules", where: ["table": "nat"]))
    #expect(metrics.sum("iptables_rule_changes_total") == 0)
  }

  @Test("Are those whose handles are new, and no others")
  func some() async throws {
    let handles = HandleCounter()
    let snapshot = try Self.creation.before().snapshot()
    let old = snapshot.with(handles: handles.handle)
    handles.rewrite { $0.chain == "KUBE-SVC-NPX46M4PTMTKRN6Y" || $0.chain == "PREROUTING" }
    let metrics = try await metrics(of: [old, snapshot.with(handles: handles.handle)])
    #expect(scopes(metrics) == ["nat hook": 1, "nat service": 1])
    #expect(
      metrics.nonzeroServices("rules_rewritten_total") == ["default/kubernetes:https TCP": 1])
  }

  @Test("Are told though they were moved, and though others came", arguments: ArticleCreation.all)
  func moved(_ creation: ArticleCreation) async throws {
    let handles = HandleCounter()
    let old = try creation.before().snapshot().with(handles: handles.handle)
    // A sync writes these again in any case.
    handles.rewrite { $0.chain == "KUBE-SERVICES" || $0.chain == "KUBE-NODEPORTS" }
    let new = try creation.after().snapshot().with(handles: handles.handle)
    let metrics = try await metrics(of: [old, new, new])
    #expect(scopes(metrics) == ["nat dispatch": 9])
    let dispatched = metrics.services().filter { $0 != creation.service }
    #expect(
      metrics.nonzeroServices("rules_rewritten_total")
        == Dictionary(uniqueKeysWithValues: dispatched.map { ($0, 2) }))
    #expect(
      metrics.sum("iptables_rule_changes_total", where: ["change": "moved"])
        == Double(2 * creation.moved.count))
  }

  @Test("Are none where rules came, went or moved and the others kept their handles")
  func changesOnly() async throws {
    let handles = HandleCounter()
    let (before, after) = (
      try Self.creation.before().snapshot(), try Self.creation.after().snapshot()
    )
    let metrics = try await metrics(of: [
      before.with(handles: handles.handle), after.with(handles: handles.handle),
      before.with(handles: handles.handle),
    ])
    #expect(metrics.sum("iptables_rule_changes_total") > 20)
    #expect(metrics.sum("iptables_rules_rewritten_total") == 0)
  }

  @Test("Add up, and stay with a service port that went and came back")
  func totals() async throws {
    let handles = HandleCounter()
    let snapshot = try Self.creation.before().snapshot()
    var states = [snapshot.with(handles: handles.handle)]
    for _ in 1...3 {
      handles.rewrite { $0.chain == "KUBE-SVC-NPX46M4PTMTKRN6Y" }
      states.append(snapshot.with(handles: handles.handle))
    }
    let gone = try RulesetText(nat: "").snapshot()
    let metrics = try await metrics(of: states + [gone, states[3]])
    #expect(
      metrics.nonzeroServices("rules_rewritten_total") == ["default/kubernetes:https TCP": 3])
  }

  @Test("Are every series from the first scrape on")
  func zeros() async throws {
    let metrics = try await metrics(of: [try Self.creation.before().snapshot()])
    let all = metrics.all("iptables_rules_rewritten_total")
    #expect(
      Set(all.keys.map { $0["scope"] }) == ["hook", "dispatch", "service", "system", "other"])
    #expect(all.keys.allSatisfy { $0["ip_family"] == "IPv4" && $0["table"] == "nat" })
    #expect(all.values.allSatisfy { $0 == 0 })
    #expect(metrics.all("iptables_service_rules_rewritten_total").count == 4)
  }

  @Test("Can't be told where only one reading has handles")
  func oneSide() async throws {
    let snapshot = try Self.creation.before().snapshot()
    let counted = snapshot.with(counters: { _ in Counter(packets: 9, bytes: 9) })
    let handles = HandleCounter()
    let metrics = try await metrics(of: [
      counted, snapshot.with(handles: handles.handle), counted, counted,
    ])
    #expect(metrics.sum("iptables_rules_rewritten_total") == 0)
  }

  @Test(
    "Are told by counters that fell where there are no handles",
    arguments: [
      (Counter(packets: 5, bytes: 300), Counter(), 1),
      (Counter(packets: 5, bytes: 300), Counter(packets: 4, bytes: 300), 1),
      (Counter(packets: 5, bytes: 300), Counter(packets: 6, bytes: 299), 1),
      (Counter(packets: 5, bytes: 300), Counter(packets: 5, bytes: 300), 0),
      (Counter(packets: 5, bytes: 300), Counter(packets: 9, bytes: 700), 0),
      (Counter(), Counter(), 0), (Counter(), Counter(packets: 1, bytes: 60), 0),
    ] as [(Counter, Counter, Double)], [false, true])
  func legacy(_ counters: (Counter, Counter, Double), isMoved: Bool) async throws {
    let (before, after, count) = counters
    let old = try Self.creation.before().snapshot()
    let new = isMoved ? try Self.creation.after().snapshot() : old
    // One that the creation moves.
    func isIt(_ identity: RuleIdentity) -> Bool {
      identity.chain == "KUBE-SERVICES"
        && identity.rule.chain == "KUBE-SVC-NPX46M4PTMTKRN6Y"
    }
    let metrics = try await metrics(of: [
      old.with(counters: { isIt($0) ? before : Counter() }),
      new.with(counters: { isIt($0) ? after : Counter() }),
    ])
    #expect(scopes(metrics) == (count > 0 ? ["nat dispatch": count] : [:]))
    #expect(
      metrics.nonzeroServices("rules_rewritten_total")
        == (count > 0 ? ["default/kubernetes:https TCP": count] : [:]))
  }
}

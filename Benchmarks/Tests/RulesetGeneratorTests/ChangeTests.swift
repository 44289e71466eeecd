import RulesetGenerator
import Testing

struct ChangeTests {
  private let cluster = Cluster(services: 40, endpoints: 3, family: .ipv4, seed: 7)
  private var ruleset: Ruleset { Ruleset(cluster: cluster, comments: true) }

  private func lines(_ text: String, _ prefix: String) -> [Substring] {
    text.split(separator: "\n").filter { $0.hasPrefix(prefix) }
  }

  @Test func `totals are those of the text`() {
    let totals = ruleset.natTotals
    #expect(totals.chains == lines(ruleset.natText, ":").count)
    #expect(totals.rules == lines(ruleset.natText, "-A ").count)
    #expect(totals.endpoints == lines(ruleset.natText, ":KUBE-SEP-").count)
    #expect(totals.services == lines(ruleset.natText, ":KUBE-SVC-").count)
  }

  @Test func `chains are not declared in their sorted order`() {
    let chains = lines(ruleset.natText, ":KUBE-S")
    #expect(chains != chains.sorted())
    #expect(ruleset.natText == Ruleset(cluster: cluster, comments: true).natText)
  }

  @Test func `a replaced endpoint's chain is emptied and deleted`() {
    let new = cluster.replacingEndpoint(5)
    let text = ruleset.update(from: cluster.services[5], to: new)
    #expect(lines(text, ":KUBE-SVC-").count == 1)
    #expect(lines(text, ":KUBE-SEP-").count == 4)
    #expect(lines(text, "-X KUBE-SEP-").count == 1)
    #expect(lines(text, "-A KUBE-SERVICES").isEmpty)
    let changed = Ruleset(cluster: cluster.replacing(5, with: new), comments: true)
    #expect(ruleset.natTotals == changed.natTotals)
  }

  @Test func `a partial sync writes all services' dispatch rules in another order`() {
    let text = ruleset.partialSync(
      from: cluster.services[5], to: cluster.replacingEndpoint(5), seed: 3)
    for chain in ["KUBE-SERVICES", "KUBE-NODEPORTS"] {
      let rules = lines(text, "-A \(chain) ")
      let earlier = lines(ruleset.natText, "-A \(chain) ")
      #expect(lines(text, ":\(chain) ").count == 1)
      #expect(rules != earlier)
      #expect(rules.sorted() == earlier.sorted())
    }
    #expect(lines(text, "-A KUBE-SERVICES ").last?.hasSuffix("-j KUBE-NODEPORTS") == true)
    #expect(lines(text, "-A KUBE-SVC-").count == 4)
    #expect(lines(text, ":PREROUTING").isEmpty)
  }
}

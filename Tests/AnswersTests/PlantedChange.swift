import Answers
import TestSupport
import Testing

/// A small cluster's rules, a change of them, and the sentences that say what it means.
struct PlantedChange: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let sentences: [String]
  private let edit: @Sendable (inout Rules) -> Void

  init(
    _ description: String, _ sentences: [String], edit: @escaping @Sendable (inout Rules) -> Void
  ) {
    testDescription = description
    self.sentences = sentences
    self.edit = edit
  }

  /// The rules of nat and filter, as lines.
  struct Rules {
    var nat: [String]
    var filter: [String]

    func ruleset() throws -> Ruleset {
      try Ruleset(
        RulesetText(nat: nat.joined(separator: "\n"), filter: filter.joined(separator: "\n")))
    }

    /// Puts a rule before the first that contains `text`.
    mutating func put(_ rule: String, before text: String) {
      nat.insert(rule, at: index(text))
    }

    /// Takes the first rule that contains `text` and puts it before the first other that contains
    /// `other`, or at the end.
    mutating func move(_ text: String, before other: String?) {
      let rule = nat.remove(at: index(text))
      nat.insert(rule, at: other.map { index($0) } ?? nat.endIndex)
    }

    /// Takes the first rule out that contains `text`.
    mutating func remove(_ text: String) { nat.remove(at: index(text)) }

    /// Takes out what leads to the service or is its own.
    mutating func removeService() {
      nat.removeAll { $0.contains("ngnix-service") || $0.contains(Self.service) }
      nat.removeAll { $0.contains("-A \(Self.first)") || $0.contains("-A \(Self.second)") }
    }

    mutating func replace(_ text: String, with other: String) {
      nat = nat.map { $0.replacing(text, with: other) }
    }

    private func index(_ text: String) -> Int {
      nat.firstIndex { $0.contains(text) } ?? nat.endIndex
    }

    static let service = "KUBE-SVC-FOI3G5ZK27IESILB"
    static let first = "KUBE-SEP-OP54BO3C6MKRBI5R"
    static let second = "KUBE-SEP-KVGH6HHOFLBGG2WW"

    /// kubernetes:https, and ngnix-service with a NodePort and two endpoints.
    static let cluster = Rules(
      nat: """
        -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
        -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix-service" -m tcp --dport 31224 -j \(service)
        -A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y
        -A KUBE-SERVICES -d 10.105.57.223/32 -p tcp -m comment --comment "default/ngnix-service cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
        -A KUBE-SERVICES -d 10.105.57.223/32 -p tcp -m comment --comment "default/ngnix-service cluster IP" -m tcp --dport 80 -j \(service)
        -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        -A KUBE-SVC-NPX46M4PTMTKRN6Y -j KUBE-SEP-NK6MJN7AMVFQPBDQ
        -A KUBE-SEP-NK6MJN7AMVFQPBDQ -p tcp -m tcp -j DNAT --to-destination 192.168.99.20:6443
        -A \(service) -m statistic --mode random --probability 0.50000000000 -j \(first)
        -A \(service) -j \(second)
        -A \(first) -p tcp -m tcp -j DNAT --to-destination 10.1.167.92:80
        -A \(second) -p tcp -m tcp -j DNAT --to-destination 10.1.167.92:8000
        """.split(separator: "\n").map(String.init),
      filter: [
        "-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES", "-A KUBE-FORWARD -j ACCEPT",
        "-A INPUT -j DOCKER-USER", "-A DOCKER-USER -j RETURN",
      ])
  }

  func difference() throws -> RulesetDifference {
    var rules = Rules.cluster
    edit(&rules)
    return RulesetDifference(from: try Rules.cluster.ruleset(), to: try rules.ruleset())
  }
}

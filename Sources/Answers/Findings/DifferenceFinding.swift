public import KubeProxy
public import Netfilter

/// What a difference means, in one sentence of `diff`.
public struct DifferenceFinding: Sendable, Hashable {
  public let kind: Kind
  public let text: String
  /// The family that it is about; nil where it is about all.
  public internal(set) var family: IPFamily?
  public internal(set) var table: TableName?
  public internal(set) var chain: ChainName?
  public internal(set) var servicePort: ServicePort?

  /// What it is about, in the order in which it matters; the raw value stands in JSON.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A built-in chain no longer leads to kube-proxy's services, or does again.
    case hookJumpRemoved = "hook_jump_removed"
    case hookJumpAdded = "hook_jump_added"
    /// Rules stand before kube-proxy's jump that did not.
    case beforeHookJump = "before_hook_jump"
    case policyChanged = "policy_changed"
    /// The jump to KUBE-NODEPORTS is not last in KUBE-SERVICES any more, or not there, or again.
    case nodePortJump = "node_port_jump"
    /// Rules moved in a dispatch chain that don't exclude each other.
    case dispatchOrder = "dispatch_order"
    case systemChainsChanged = "system_chains_changed"
    case serviceBlocked = "service_blocked"
    case serviceUnblocked = "service_unblocked"
    case serviceRemoved = "service_removed"
    case serviceCreated = "service_created"
    case endpointsChanged = "endpoints_changed"
    case sharesChanged = "shares_changed"
    case addressesChanged = "addresses_changed"
    case nodePortsChanged = "node_ports_changed"
    case sessionAffinityChanged = "session_affinity_changed"
    /// Rules moved in a service port's own chains.
    case serviceOrder = "service_order"
    /// A service port's rules changed in another way.
    case serviceRulesChanged = "service_rules_changed"
    /// Other rules of a built-in chain came, went, or changed their order.
    case hookChanged = "hook_changed"
    case tableAdded = "table_added"
    case tableRemoved = "table_removed"
    /// Rules of dispatch chains that belong to no service port.
    case dispatchChanged = "dispatch_changed"
    /// Rules of service chains that belong to no service port.
    case unownedChainsChanged = "unowned_chains_changed"
    case otherChainsChanged = "other_chains_changed"
    /// Chains have other names, and the same rules.
    case chainsRenamed = "chains_renamed"
    /// Chains without rules came or went.
    case emptyChainsChanged = "empty_chains_changed"
    /// Rules moved in a dispatch chain, and exclude each other.
    case orderOnly = "order_only"
    case commentsOnly = "comments_only"
    case rewritten
    case nothing
  }

  /// Whether packets are treated otherwise than before.
  public enum Impact: String, Sendable, Hashable {
    /// Some may be.
    case traffic
    /// It depends on rules that are not kube-proxy's, or are not understood.
    case unknown
    case none
  }

  public var impact: Impact {
    switch kind {
    case .systemChainsChanged, .tableAdded, .tableRemoved, .dispatchChanged, .unownedChainsChanged,
      .otherChainsChanged:
      .unknown
    case .chainsRenamed, .emptyChainsChanged, .orderOnly, .commentsOnly, .rewritten, .nothing: .none
    default: .traffic
    }
  }
}

extension DifferenceFinding {
  /// What the differences of all families mean; what matters most first.
  ///
  /// - Parameters:
  ///   - selection: the service ports that are asked for; nil for everything.
  ///   - pattern: the selection, as people wrote it.
  static func all(
    of comparisons: [FamilyComparison], _ counts: DifferenceCounts,
    selection: ((ServicePort) -> Bool)?, pattern: String?
  ) -> [DifferenceFinding] {
    var findings: [DifferenceFinding] = []
    for var comparison in comparisons {
      let renames = selection == nil ? comparison.takeRenames() : []
      let tally = ChangeTally(comparison, selection)
      findings += comparison.dispatchMoves(tally) + comparison.serviceFindings(tally)
      guard selection == nil else { continue }
      findings += comparison.hookFindings + comparison.chainFindings(tally, renames)
    }
    if counts.rulesRewritten > 0 {
      let rules = Wording.count(counts.rulesRewritten, "rule")
      let verb = counts.rulesRewritten == 1 ? "was" : "were"
      let text = "\(rules) \(verb) written again with the same content: no effect on traffic"
      findings.append(DifferenceFinding(kind: .rewritten, text: text))
    }
    if counts == DifferenceCounts() {
      let place = pattern.map { " for the service ports that match '\($0)'" } ?? ""
      findings.append(DifferenceFinding(kind: .nothing, text: "nothing changed" + place))
    }
    // What is equally important stays in order.
    let byKind = Dictionary(grouping: findings, by: \.kind)
    return Kind.allCases.flatMap { byKind[$0] ?? [] }
  }
}

extension FamilyComparison {
  func finding(
    _ kind: DifferenceFinding.Kind, _ text: String, _ place: ChangeTally.Place? = nil,
    table: TableName? = nil
  ) -> DifferenceFinding {
    DifferenceFinding(
      kind: kind, text: text, family: family, table: place?.table ?? table, chain: place?.chain)
  }
}

/// How answers say where something is and how many of it there are.
enum Wording {
  /// `1 rule`, `2 rules`.
  static func count(_ number: some BinaryInteger, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// `2 added, 1 removed`; what there is none of is left out.
  static func counts(_ parts: [(number: some BinaryInteger, word: String)]) -> String {
    parts.filter { $0.number > 0 }.map { "\($0.number) \($0.word)" }.joined(separator: ", ")
  }

  /// `KUBE-SERVICES`, `filter's KUBE-SERVICES`, `KUBE-SERVICES (IPv6)`: nat goes without saying for a
  /// chain that isn't built in, and IPv4 does for all.
  static func place(
    _ chain: ChainName, _ table: TableName, _ family: IPFamily, isBuiltIn: Bool = false
  ) -> String {
    let owner = table == .nat && !isBuiltIn ? "" : "\(table.rawValue)'s "
    return "\(owner)\(chain)\(suffix(family))"
  }

  /// ` (IPv6)`, and nothing for IPv4.
  static func suffix(_ family: IPFamily) -> String { family == .ipv6 ? " (IPv6)" : "" }

  /// `CNI's`, `kube-router's`, and `other` where no agent is known.
  static func owner(_ kind: String) -> String {
    kind == "other" ? "other" : "\(name(kind))'s"
  }

  /// ` of CNI`, ` of kube-router`, and nothing where no agent is known.
  static func ofOwner(_ kind: String) -> String { kind == "other" ? "" : " of \(name(kind))" }

  /// An agent's name, by the kind of its chains.
  static func name(_ kind: String) -> String {
    switch kind {
    case ChainKind.kubeRouter: "kube-router"
    case "KUBE-other": "Kubernetes"
    default: kind
    }
  }

  /// The first of some names, and how many more there are.
  static func list(_ names: [String], atMost limit: Int = 3) -> String {
    let shown = names.prefix(limit).joined(separator: ", ")
    return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
  }

  /// A share in percent with one decimal, or none where that is 0: `33.3%`, `50%`.
  static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
  }
}

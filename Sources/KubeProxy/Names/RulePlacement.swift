public import Netfilter

/// Where a rule stands, and whose that place is.
///
/// A rule of a built-in chain is `hook`, and of kind `builtin`, where it can change who sees a service's
/// packet first. One that leads to another agent's chain can't if it stands behind all of kube-proxy's
/// jumps, or if the chain has none. Such a rule is `other`, and of that agent's kind: a CNI plugin's
/// `-A POSTROUTING -s 10.244.0.7/32 -j CNI-0123…`, for example.
public struct RulePlacement: Sendable, Hashable {
  public let scope: RuleScope
  /// As ``ChainKind`` has it.
  public let kind: String

  /// The place of a chain itself.
  public init(_ chain: Chain) {
    scope = RuleScope(chain)
    kind = ChainKind.of(chain)
  }

  fileprivate init(agent kind: String) {
    scope = .other
    self.kind = kind
  }
}

/// The places of a chain's rules.
public struct RulePlacements: Sendable {
  private let chain: RulePlacement
  private let rules: RuleList
  /// From here on, a rule of a built-in chain can be an agent's: kube-proxy's jumps stand before.
  private let endOfJumps: Int

  public init(_ chain: Chain) {
    self.chain = RulePlacement(chain)
    rules = chain.rules
    endOfJumps = chain.isBuiltIn ? Self.endOfJumps(in: chain.rules) : 0
  }

  /// Where all rules stand; nil where that depends on the rule.
  public var common: RulePlacement? { chain.scope == .hook ? nil : chain }

  /// Where the rule at `position` stands.
  public subscript(position: Int) -> RulePlacement {
    guard chain.scope == .hook, position >= endOfJumps,
      let target = rules.chain(at: position), ChainRole(target) == .other
    else { return chain }
    return RulePlacement(agent: ChainKind.of(target, isBuiltIn: false))
  }

  /// The position behind the last rule that is the first to lead to a chain of kube-proxy.
  private static func endOfJumps(in rules: RuleList) -> Int {
    var targets: Set<ChainName> = []
    var end = 0
    for (position, target) in rules.jumps where isKubeProxys(target) {
      if targets.insert(target).inserted { end = position + 1 }
    }
    return end
  }

  /// Whether kube-proxy leads from built-in chains to the chain. KUBE-FIREWALL does not count: it is the
  /// kubelet's, and sees no service's packet but to drop it.
  private static func isKubeProxys(_ target: ChainName) -> Bool {
    ChainRole(target) == .dispatch || target == .kubeForward || target == .kubePostrouting
  }
}

/// The places of those rules of a chain that changed.
public struct ChangedPlacements: Sendable {
  private let old: RulePlacements?
  private let new: RulePlacements?

  /// - Parameters:
  ///   - old: The chain as it was; nil where it is new.
  ///   - new: The chain as it is; nil where it is gone.
  public init(from old: Chain?, to new: Chain?) {
    // It is built in if it ever was: an edited file may have left its policy out.
    let policy = new?.policy ?? old?.policy
    self.old = old.map { RulePlacements($0.withPolicy($0.policy ?? policy)) }
    self.new = new.map { RulePlacements($0.withPolicy($0.policy ?? policy)) }
  }

  /// Where all the rules stand and stood; nil where that depends on the rule.
  public var common: RulePlacement? {
    guard let old, let new else { return old?.common ?? new?.common }
    return old.common == new.common ? new.common : nil
  }

  /// Where a rule stands, or, if it was removed, stood: then the old order counts. A moved rule is in a hook
  /// if it was: that it came behind kube-proxy's jump changes who sees a packet first, too.
  ///
  /// - Parameters:
  ///   - from: Where it stood in the chain; nil for a new rule.
  ///   - to: Where it stands; nil for a rule that is gone.
  public func place(from: Int?, to: Int?) -> RulePlacement? {
    let before = from.flatMap { old?[$0] }
    return before?.scope == .hook ? before : to.flatMap { new?[$0] } ?? before
  }
}

/// Where a rule stands, as the label `scope` has it.
public enum RuleScope: String, Sendable, Hashable, CaseIterable {
  /// A built-in chain, where a rule can change who sees a service's packet first.
  case hook
  /// A chain that kube-proxy fills in random order at every sync.
  case dispatch
  /// A chain of one service port.
  case service
  /// Another KUBE-* chain of kube-proxy or the kubelet.
  case system
  /// Another agent's chain, or a rule of a built-in chain that leads to one and comes too late to matter
  /// to services: see ``RulePlacement``.
  case other

  /// The scope of a chain itself.
  public init(_ chain: Chain) {
    if chain.isBuiltIn {
      self = .hook
      return
    }
    switch ChainRole(chain.name) {
    case .service: self = .service
    case .dispatch: self = .dispatch
    case .system: self = .system
    case .other: self = .other
    }
  }
}

/// A built-in chain from which kube-proxy jumps to a chain of its own.
public struct Hook: Sendable, Hashable {
  public let table: TableName
  /// The built-in chain.
  public let chain: ChainName
  /// Where the jump leads.
  public let target: ChainName

  /// The hooks through which packets come to services: in each table that has a chain KUBE-SERVICES.
  public static let services = [
    Hook(table: .filter, chain: "FORWARD", target: .kubeServices),
    Hook(table: .filter, chain: "OUTPUT", target: .kubeServices),
    Hook(table: .nat, chain: "PREROUTING", target: .kubeServices),
    Hook(table: .nat, chain: "OUTPUT", target: .kubeServices),
  ]

  /// Those without which services are reached, but not answered: masqueraded, and forwarded where the
  /// policy of FORWARD is to drop.
  public static let plumbing = [
    Hook(table: .filter, chain: "FORWARD", target: .kubeForward),
    Hook(table: .nat, chain: "POSTROUTING", target: .kubePostrouting),
  ]

  /// The jumps to filter's chains that keep packets out or accept health checks. kube-proxy writes them together
  /// with the chains, since 1.20 or earlier.
  public static let guards = [
    Hook(table: .filter, chain: "INPUT", target: .kubeExternalServices),
    Hook(table: .filter, chain: "INPUT", target: .kubeNodePorts),
    Hook(table: .filter, chain: "INPUT", target: .kubeProxyFirewall),
    Hook(table: .filter, chain: "FORWARD", target: .kubeProxyFirewall),
    Hook(table: .filter, chain: "OUTPUT", target: .kubeProxyFirewall),
  ]
}

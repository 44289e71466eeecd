public import Netfilter

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

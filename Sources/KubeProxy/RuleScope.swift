public import Netfilter

/// Where a rule stands, as the label `scope` has it.
public enum RuleScope: String, Sendable, Hashable, CaseIterable {
  /// A built-in chain, where the order decides who sees a packet first.
  case hook
  /// A chain that kube-proxy fills in random order at every sync.
  case dispatch
  /// A chain of one service port.
  case service
  /// Another KUBE-* chain.
  case system
  case other

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

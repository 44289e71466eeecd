internal import Netfilter

/// Where a chain of nat stands on the way to an endpoint, told by its name alone.
enum ChainStage: UInt8, Sendable {
  /// Elsewhere.
  case outside
  /// KUBE-SERVICES and KUBE-NODEPORTS.
  case dispatch
  /// A chain of a service port.
  case service
  /// A chain of a service port's endpoint.
  case endpoint

  init(_ name: ChainName) {
    switch ChainRole(name) {
    case .service(.endpoint, _): self = .endpoint
    case .service: self = .service
    case .dispatch where Self.dispatchChains.contains(name): self = .dispatch
    case .dispatch, .system, .other: self = .outside
    }
  }
  /// The chains of nat that dispatch.
  static let dispatchChains: [ChainName] = [.kubeServices, .kubeNodePorts]
}

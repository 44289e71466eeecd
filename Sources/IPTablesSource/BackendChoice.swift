public import Netfilter

/// The backend that kube-proxy uses on this node, and what says so.
public struct BackendChoice: Sendable, Hashable {
  /// What decided, from the strongest to the weakest.
  public enum Reason: String, Sendable, Hashable {
    /// The only backend that may be read.
    case configured
    /// The only backend in which a chain is called KUBE-SERVICES.
    case services = "KUBE-SERVICES"
    /// The kubelet's hint in the backend's mangle table: KUBE-IPTABLES-HINT or KUBE-KUBELET-CANARY.
    case hint = "kubelet"
    /// Nothing of the above tells; the backend with more rules.
    case rules
  }

  public let backend: Backend
  public let reason: Reason

  public init(backend: Backend, reason: Reason) {
    self.backend = backend
    self.reason = reason
  }
}

/// The kinds of chain that kube-proxy makes for each service port; all but an endpoint's share the
/// hash of the service port.
public enum ServiceChainFamily: String, Sendable, Hashable, CaseIterable {
  /// The cluster policy: balances over all endpoints.
  case service = "KUBE-SVC"
  /// The local policy: balances over the node's own endpoints.
  case local = "KUBE-SVL"
  /// Traffic from outside (1.24 on).
  case external = "KUBE-EXT"
  /// A load balancer's source ranges.
  case firewall = "KUBE-FW"
  /// External traffic under the local policy (to 1.23).
  case externalLoadBalancer = "KUBE-XLB"
  /// One endpoint.
  case endpoint = "KUBE-SEP"
}

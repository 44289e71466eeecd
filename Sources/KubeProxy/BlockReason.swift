/// Why the filter table rejects or drops a service port's traffic; the raw value is the label.
public enum BlockReason: String, Sendable, Hashable, CaseIterable {
  /// No endpoint at all: rejected.
  case noEndpoints = "no_endpoints"
  /// A Local policy, and no endpoint on this node: dropped.
  case noLocalEndpoints = "no_local_endpoints"
}

/// What there is to count in a nat table that one cluster's rules were written to.
public struct TableTotals: Sendable, Hashable {
  /// Chains, the built-in ones included.
  public let chains: Int
  /// Rules in all chains.
  public let rules: Int
  /// Service ports.
  public let services: Int
  /// Endpoints of all service ports: each has a KUBE-SEP chain of its own.
  public let endpoints: Int
}

public import Netfilter

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
}

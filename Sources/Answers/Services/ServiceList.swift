internal import Console
public import KubeProxy
public import Netfilter

/// The service ports of a rule set, of either family.
public struct ServiceList: Sendable {
  /// By service port, IPv4 before IPv6.
  public let services: [ServiceReport]
  /// What people call the rule set.
  public let name: String
  /// What service ports were asked for, as people wrote it; nil for all.
  private let pattern: String?
  /// kube-proxy's, as far as is known.
  public let mode: KubeProxyMode
  private let isKernel: Bool
  /// Chains of service ports that aren't listed, because nothing says whose they are.
  public let unnamed: UnnamedChains

  /// - Parameters:
  ///   - selection: the service ports that are asked for; nil for all.
  ///   - pattern: the selection, as people wrote it.
  public init(
    of ruleset: Ruleset, selection: ((ServicePort) -> Bool)? = nil, pattern: String? = nil
  ) {
    name = ruleset.name
    self.pattern = pattern
    mode = ruleset.mode
    isKernel = ruleset.isKernel
    let families = ruleset.families.map(ServiceReporting.init)
    unnamed = families.reduce(UnnamedChains()) { $0 + $1.unnamed }
    let services = families.flatMap { $0.services(where: selection ?? { _ in true }) }
    self.services = services.sorted { ($0.port, $0.family) < ($1.port, $1.family) }
  }
}

extension ServiceList {
  /// Writes the service ports with `body`. Before them comes kube-proxy's mode, should it not be iptables,
  /// and whether there are none; behind them, how many chains are not listed.
  func write(
    to writer: inout TerminalWriter, _ body: (inout TerminalWriter) -> Void
  ) {
    if let notice = mode.notice(ofKernel: isKernel) {
      writer.write("\(name): ", .strong)
      writer.line(notice, mode.servesElsewhere ? .notable : .faint)
    }
    if services.isEmpty {
      writer.line(
        pattern.map { "no service port in \(name) matches '\($0)'" } ?? "no service ports in \(name)")
    }
    body(&writer)
    if let notice = unnamed.notice { writer.line(notice, .notable) }
  }
}

/// What the rules of one family say of a service port, as it is shown.
public struct ServiceReport: Sendable {
  /// A chain that balances over endpoints.
  public struct Balancing: Sendable {
    public let chain: ChainName
    public let endpoints: [Endpoint]
  }

  /// An endpoint of a chain.
  public struct Endpoint: Sendable {
    /// KUBE-SEP-….
    public let chain: ChainName
    /// Where its chain translates to, as iptables has it: `10.0.1.2:8080`; empty where it doesn't.
    public let destinations: [String]
    /// The share of the chain's new connections that it gets, 0 to 1.
    public let share: Double
    /// The connections that its DNAT rules have counted, whichever chain led there.
    public let connections: UInt64
  }

  /// A chain of the service port with its rules, or those rules of a chain that are the service port's.
  public struct Rules: Sendable {
    public let table: TableName
    public let chain: ChainName
    /// Their positions in the chain, from 1, and iptables' words for them.
    public let rules: [(position: Int, text: [UInt8])]
  }

  public let port: ServicePort
  public let family: IPFamily
  public let addresses: [ServiceAddress]
  public let nodePorts: [UInt16]
  public let blocked: [BlockReason]
  /// The same, with whose traffic it is.
  public let blockedTraffic: Set<BlockedTraffic>
  public let balancing: [Balancing]
  /// Distinct endpoints.
  public let endpoints: Int
  /// For how many seconds a client stays with an endpoint; none where it doesn't.
  public let affinity: [UInt32]
  /// New connections, as the DNAT rules of its endpoints have counted them since they were written.
  public let connections: UInt64
  public let natRules: Int
  public let filterRules: Int
  /// The rules that dispatch to it, or block it.
  public let dispatch: [Rules]
  /// Its own chains, in nat's order.
  public let chains: [Rules]
}

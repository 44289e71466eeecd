internal import Console
public import KubeProxy
internal import Netfilter

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
    let families = ruleset.families.map { DispatchFacts(FamilySide($0)) }
    unnamed = families.reduce(UnnamedChains()) { $0 + $1.side.map.unnamed }
    let services = families.flatMap { $0.reports(where: selection ?? { _ in true }) }
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
        pattern.map { "no service port in \(name) matches '\($0)'" }
          ?? "no service ports in \(name)")
    }
    body(&writer)
    if let notice = unnamed.notice { writer.line(notice, .notable) }
  }
}

internal import Console
public import KubeProxy

/// The service ports of a rule set, of either family.
public struct ServiceList: Sendable {
  /// By service port, IPv4 before IPv6.
  public let services: [ServiceReport]
  /// Chains of service ports that aren't listed, because nothing says whose they are.
  public let unnamed: UnnamedChains
  let ruleset: Ruleset
  /// Whether some service ports were asked for, and not all.
  private let isSelected: Bool

  /// - Parameter selection: the service ports that are asked for; nil for all.
  public init(of ruleset: Ruleset, selection: ((ServicePort) -> Bool)? = nil) {
    self.ruleset = ruleset
    isSelected = selection != nil
    let families = ruleset.families.map { FamilyServices(FamilySide($0)) }
    unnamed = families.reduce(UnnamedChains()) { $0 + $1.map.unnamed }
    services = families.flatMap { $0.reports(where: selection ?? { _ in true }) }
      .sorted { ($0.port, $0.family) < ($1.port, $1.family) }
  }

  /// Writes the service ports with `body`. Before them comes kube-proxy's mode, should it not be iptables,
  /// what the other backend holds, and whether there are none; behind them, how many chains are not listed.
  func write(to writer: inout TerminalWriter, _ body: (inout TerminalWriter) -> Void) {
    writer.notice(ruleset.mode, of: ruleset.name, isKernel: ruleset.isKernel)
    for mixed in ruleset.mixedBackends {
      writer.write("\(ruleset.name): ", .strong)
      writer.line(mixed.notice, .notable)
    }
    // Whoever asked for some is told by the command.
    if services.isEmpty, !isSelected { writer.line("no service ports in \(ruleset.name)") }
    body(&writer)
    if let notice = unnamed.notice { writer.line(notice, .notable) }
  }
}

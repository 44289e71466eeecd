internal import Console
public import KubeProxy
internal import Netfilter

/// The service ports of a rule set, of either family.
public struct ServiceList: Sendable {
  /// By service port, IPv4 before IPv6.
  public let services: [ServiceReport]
  /// What people call the rule set.
  public let name: String
  /// kube-proxy's, as far as is known.
  public let mode: KubeProxyMode
  /// Chains of service ports that aren't listed, because nothing says whose they are.
  public let unnamed: UnnamedChains

  /// - Parameter selection: the service ports that are asked for; nil for all.
  public init(of ruleset: Ruleset, selection: ((ServicePort) -> Bool)? = nil) {
    name = ruleset.name
    mode = ruleset.mode
    let families = ruleset.families.map(ServiceReporting.init)
    unnamed = families.reduce(UnnamedChains()) { $0 + $1.unnamed }
    let services = families.flatMap { $0.services { selection?($0) ?? true } }
    self.services = services.sorted { ($0.port, $0.family) < ($1.port, $1.family) }
  }
}

extension ServiceList {
  /// Writes kube-proxy's mode, should it not be iptables.
  func writeMode(to writer: inout TerminalWriter) {
    guard let notice = mode.notice else { return }
    writer.write("\(name): ", .strong)
    writer.line(notice, mode.servesElsewhere ? .notable : .faint)
  }

  /// Writes how many chains are not listed.
  func writeUnnamed(to writer: inout TerminalWriter) {
    if let notice = unnamed.notice { writer.line(notice, .notable) }
  }
}

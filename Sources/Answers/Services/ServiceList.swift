public import KubeProxy
internal import Netfilter

/// The service ports of a rule set, of either family.
public struct ServiceList: Sendable {
  /// By service port, IPv4 before IPv6.
  public let services: [ServiceReport]
  /// What people call the rule set.
  public let name: String

  /// - Parameter selection: the service ports that are asked for; nil for all.
  public init(of ruleset: Ruleset, selection: ((ServicePort) -> Bool)? = nil) {
    name = ruleset.name
    let services = ruleset.families.flatMap { snapshot in
      ServiceReporting(snapshot).services { selection?($0) ?? true }
    }
    self.services = services.sorted { ($0.port, $0.family) < ($1.port, $1.family) }
  }
}

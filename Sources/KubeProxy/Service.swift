/// What the rules of one address family hold for one service port.
public struct Service: Sendable, Hashable {
  public let port: ServicePort
  /// Distinct KUBE-SEP chains that the service port's chains jump to.
  public internal(set) var sepChains = 0
  /// Distinct destinations of the DNAT rules in them.
  public internal(set) var dnatTargets = 0
  /// Rules of nat's KUBE-NODEPORTS.
  public internal(set) var nodePortRules = 0
  /// Rules in nat: those that dispatch to the service port, and all of its chains.
  public internal(set) var natRules = 0
  /// Rules in filter that name the service port.
  public internal(set) var filterRules = 0
  /// Why rules keep traffic from the service port.
  public internal(set) var blocked: Set<BlockReason> = []

  init(port: ServicePort) { self.port = port }

  /// Rules in nat and filter.
  public var rules: Int { natRules + filterRules }
}

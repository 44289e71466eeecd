internal import Netfilter

extension ExtensionOptions {
  /// Whether `-m addrtype` holds. C counterpart: `addrtype_mt_v1`.
  func addressTypes(_ context: MatchContext) -> Truth {
    let (state, node) = (context.state, context.node)
    return holds("--src-type") { isType($0, state.source, node) }
      && holds("--dst-type") {
        state.isRedirected ? redirected($0) : isType($0, state.destination, node)
      }
  }

  private func isType(_ option: Option, _ address: IPAddress?, _ node: NodeContext) -> Truth {
    guard let address else { return .unknown }
    return address.family == .ipv4
      ? isIPv4Type(option, address, node) : isIPv6Type(option, address, node)
  }

  /// Whether the address's type is one of those that are named. C counterpart: `inet_dev_addr_type`.
  private func isIPv4Type(_ option: Option, _ address: IPAddress, _ node: NodeContext) -> Truth {
    let (type, types) = (node.type(of: address), option.parts)
    switch type {
    // An address of the node's that is another interface's is UNICAST.
    case "LOCAL" where isLimitedToInterface:
      return types.contains("LOCAL") == types.contains("UNICAST")
        ? Truth(types.contains("LOCAL")) : .unknown
    // The broadcast addresses of networks look like any other address. What routes refuse is UNICAST.
    case "UNICAST" where types.contains("BROADCAST") && !types.contains("UNICAST"): return .unknown
    default: return Truth(types.contains(type))
    }
  }

  /// Whether the address is of all types that are named; of LOCAL, ANYCAST and UNREACHABLE one is enough.
  /// C counterpart: `match_type6`.
  private func isIPv6Type(_ option: Option, _ address: IPAddress, _ node: NodeContext) -> Truth {
    var truth = Truth.yes
    var routed = Truth.no
    var isRouteAsked = false
    for type in option.parts {
      switch type {
      case "MULTICAST": truth = truth && Truth(address.isMulticast)
      // The node's own addresses are too.
      case "UNICAST": truth = truth && Truth(!address.isMulticast && !address.isZero)
      case "UNSPEC": truth = truth && Truth(address.isZero)
      case "LOCAL":
        isRouteAsked = true
        let isLocal = Truth(node.isLocal(address))
        routed = routed || (isLimitedToInterface && isLocal == .yes ? .unknown : isLocal)
      // Only routes know.
      case "ANYCAST", "UNREACHABLE":
        isRouteAsked = true
        routed = routed || (node.isLocal(address) && !isLimitedToInterface ? .no : .unknown)
      default: truth = truth && .unknown
      }
    }
    return isRouteAsked ? truth && routed : truth
  }

  /// Whether an address of the node's that isn't known is of the types.
  private func redirected(_ option: Option) -> Truth {
    isLimitedToInterface || option.parts != ["LOCAL"] ? .unknown : .yes
  }

  private var isLimitedToInterface: Bool {
    self["--limit-iface-in"] != nil || self["--limit-iface-out"] != nil
  }
}

extension NodeContext {
  fileprivate func type(of address: IPAddress) -> String {
    // So is the rest of 0.0.0.0/8 before Linux 5.3.
    if address.isLimitedBroadcast || address.isZero { return "BROADCAST" }
    if address.isMulticast { return "MULTICAST" }
    return isLocal(address) ? "LOCAL" : "UNICAST"
  }
}

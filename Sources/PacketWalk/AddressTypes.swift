internal import Netfilter

extension ExtensionOptions {
  /// Whether `-m addrtype` holds. C counterpart: `addrtype_mt_v1`.
  func addressTypes(_ context: MatchContext) -> Truth {
    let (state, node) = (context.state, context.node)
    return holds("--src-type") {
      isType($0, state.packet.source, isKnown: !state.hasUnknownSource, node)
    }
      && holds("--dst-type") {
        isType($0, state.packet.destination, isKnown: !state.hasUnknownDestination, node)
      }
  }

  private func isType(
    _ option: Option, _ address: IPAddress, isKnown: Bool, _ node: NodeContext
  ) -> Truth {
    guard isKnown else { return .unknown }
    let type = node.type(of: address)
    // An address of the node's may be another interface's.
    if self["--limit-iface-in"] != nil || self["--limit-iface-out"] != nil {
      return type == "LOCAL" || option.value != "LOCAL" ? .unknown : .no
    }
    if option.parts.contains(type) { return .yes }
    // What routes refuse, and the broadcast addresses of networks, look like any other address.
    return type == "UNICAST" && !Self.distinct.isSuperset(of: option.parts) ? .unknown : .no
  }

  /// The types that can be told from the address itself.
  private static let distinct: Set<String> = ["LOCAL", "MULTICAST", "UNICAST", "UNSPEC"]
}

extension NodeContext {
  fileprivate func type(of address: IPAddress) -> String {
    if isLocal(address) { return "LOCAL" }
    if address.isMulticast { return "MULTICAST" }
    if address.isLimitedBroadcast { return "BROADCAST" }
    return address.isZero ? "UNSPEC" : "UNICAST"
  }
}

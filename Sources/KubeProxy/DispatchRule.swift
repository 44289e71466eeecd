internal import Netfilter

/// A rule of KUBE-SERVICES, KUBE-NODEPORTS or their like: what it claims, what it matches, where it
/// leads.
struct DispatchRule {
  let comment: ServicePortComment?
  /// Whether there is a comment at all, be it kube-proxy's or not.
  let hasComment: Bool
  let selector: Selector
  /// The service chain that the rule leads to, with the hash at its end.
  let serviceChain: (name: ChainName, hash: ChainHash)?
  /// Whether the rule keeps its packets out.
  let blocks: Bool

  /// What tells the packets of one service port from all others.
  struct Selector: Hashable {
    let transport: TransportProtocol?
    let destination: AddressMatch?
    let port: UInt16?
  }

  init(_ rule: Rule) {
    let comment = rule.comment
    self.hasComment = comment != nil
    self.comment = comment.flatMap(ServicePortComment.init)
    self.selector = Selector(
      transport: rule.ipProtocol.flatMap(TransportProtocol.init), destination: rule.destination,
      port: rule.destinationPort)
    self.serviceChain = rule.chain.flatMap { name in
      guard case .service(let family, let hash) = ChainRole(name), family != .endpoint else {
        return nil
      }
      return (name, hash)
    }
    self.blocks =
      switch rule.target {
      case .reject, .verdict(.drop): true
      default: false
      }
  }
}

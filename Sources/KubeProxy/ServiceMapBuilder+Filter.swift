internal import Netfilter

/// What the filter table says of service ports.
extension ServiceMapBuilder {
  mutating func attributeFilter(_ filter: TableContent) {
    let rules = dispatchRules(
      of: filter,
      [.kubeServices, .kubeExternalServices, .kubeNodePorts, .kubeProxyFirewall])
    // Those that block first: they make service ports known that the others speak of.
    for placed in rules {
      guard let comment = placed.rule.comment, let reason = comment.blockReason,
        placed.rule.blocks, let service = blockedService(placed.rule, comment)
      else { continue }
      ownFilterRule(placed.position, service)
      services[Int(service)].blocked.insert(reason)
    }
    for placed in rules {
      guard let comment = placed.rule.comment,
        let service = mentionedService(placed.rule, comment)
      else { continue }
      ownFilterRule(placed.position, service)
    }
  }

  private mutating func ownFilterRule(_ position: Int, _ service: Int32) {
    filterOwners[position] = service
    services[Int(service)].filterRules += 1
  }

  /// The service port that a rule keeps traffic from; one that has nothing in nat becomes known here.
  private mutating func blockedService(
    _ rule: DispatchRule, _ comment: ServicePortComment
  ) -> Int32? {
    guard let transport = rule.selector.transport else { return nil }
    return servicePort(comment, transport)
      ?? comment.servicePort(transport).map { addService($0, literal: comment.literal) }
  }

  /// The service port that another rule of the filter table is there for.
  private func mentionedService(_ rule: DispatchRule, _ comment: ServicePortComment) -> Int32? {
    guard let transport = rule.selector.transport else { return nil }
    switch comment.purpose {
    case .healthCheck:
      // Always TCP, whatever the service port is.
      return servicePort(comment, transport) ?? byLiteral[comment.literal]?.first
    case .notAccepted(let chain):
      guard case .service(_, ChainHash(servicePort: comment.literal, transport)) = ChainRole(chain)
      else { return nil }
      return servicePort(comment, transport)
    case .dispatch, .noEndpoints, .noLocalEndpoints, .other:
      return nil
    }
  }

  private func servicePort(
    _ comment: ServicePortComment, _ transport: TransportProtocol
  ) -> Int32? {
    byLiteral[comment.literal]?.first { services[Int($0)].port.transport == transport }
  }
}

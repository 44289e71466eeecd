public import Netfilter

/// What the filter table says of service ports.
struct FilterReading {
  /// A rule that is there for a service port.
  struct Mention {
    /// The position in the table, counted over all chains.
    let position: Int
    /// The service port's index in the registry.
    let service: Int32
    /// Why it keeps traffic from the service port, if it does.
    let reason: BlockReason?
  }

  private(set) var mentions: [Mention] = []
  /// Rules that block nothing: those that do make the service ports known that these speak of.
  private var others: [Claim] = []

  /// What a rule's comment and protocol claim.
  private struct Claim {
    let position: Int
    let comment: ServicePortComment
    let transport: TransportProtocol
  }

  /// The chains that it looks at.
  static let chains: [ChainName] = [
    .kubeServices, .kubeExternalServices, .kubeNodePorts, .kubeProxyFirewall,
  ]

  /// Reads the rules, and enters the service ports that they block.
  init(_ filter: TableContent, into registry: inout ServiceRegistry) {
    for chain in filter.chains.indices where Self.chains.contains(filter.chains[chain].name) {
      let rules = filter.chains[chain].rules
      for rule in 0..<rules.count {
        read(rules.line(at: rule), at: filter.firstRules[chain] + rule, &registry)
      }
    }
    for claim in others {
      guard let service = Self.mentioned(by: claim, registry) else { continue }
      mentions.append(Mention(position: claim.position, service: service, reason: nil))
    }
  }

  private mutating func read(
    _ line: ArraySlice<UInt8>, at position: Int, _ registry: inout ServiceRegistry
  ) {
    let bytes = line.span
    let rule = RuleOutline(bytes)
    guard let transport = rule.transport,
      let comment = rule.comment.flatMap({ ServicePortComment(bytes.extracting($0)) })
    else { return }
    switch comment.purpose {
    case .noEndpoints, .noLocalEndpoints:
      guard case .blocked = rule.outcome,
        let service = registry.noteBlocked(comment, transport)
      else { return }
      mentions.append(
        Mention(position: position, service: service, reason: comment.blockReason))
    case .healthCheck, .notAccepted:
      others.append(Claim(position: position, comment: comment, transport: transport))
    case .dispatch, .other:
      break
    }
  }

  /// The service port that a rule is there for that blocks nothing.
  private static func mentioned(by claim: Claim, _ registry: ServiceRegistry) -> Int32? {
    let (comment, transport) = (claim.comment, claim.transport)
    guard case .notAccepted(let chain) = comment.purpose else {
      // A health check's is always TCP, whatever the service port is.
      return registry.named(comment, transport)
        ?? TransportProtocol.allCases.lazy.compactMap { registry.named(comment, $0) }.first
    }
    guard case .service(_, ChainHash(servicePort: comment.literal, transport)) = ChainRole(chain)
    else { return nil }
    return registry.named(comment, transport)
  }
}

/// Why the rules reject or drop a service port's traffic; the raw value is the label.
public enum BlockReason: String, Sendable, Hashable, CaseIterable {
  /// No endpoint at all: rejected.
  case noEndpoints = "no_endpoints"
  /// A Local policy, and no endpoint on this node: dropped, by filter or, up to 1.24, by way of nat's
  /// KUBE-MARK-DROP.
  case noLocalEndpoints = "no_local_endpoints"
}

extension BlockReason {
  /// The reason that kube-proxy's comment on a rule gives; nil where it gives none.
  public init?(comment: ByteString?) {
    guard let comment, let reason = ServicePortComment(comment.bytes.span)?.blockReason else {
      return nil
    }
    self = reason
  }
}

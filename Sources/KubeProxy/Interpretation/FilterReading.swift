public import Netfilter

/// What the filter table says of service ports.
struct FilterReading {
  /// A rule that is there for a service port.
  struct Mention {
    /// The position in the table, counted over all chains.
    let position: Int
    let port: ServicePort
    /// Why it keeps traffic from the service port, if it does.
    let reason: BlockReason?
  }

  /// What the rules that block traffic say.
  private var blocks: [Mention] = []
  /// The service ports that these rules name.
  private var blocked: Set<Name> = []
  /// Rules that block nothing. They count only if other rules prove or block the service port.
  private var others: [Claim] = []

  private struct Name: Hashable {
    let port: ServicePort
    let endsInColon: Bool
  }

  /// What a rule's comment and protocol claim.
  private struct Claim {
    let position: Int
    let comment: ServicePortComment
    let transport: TransportProtocol
  }

  init(_ filter: TableContent) {
    for chain in filter.chains.indices where ChainRole(filter.chains[chain].name) == .dispatch {
      let rules = filter.chains[chain].rules
      for rule in 0..<rules.count {
        read(rules.line(at: rule), at: filter.firstRules[chain] + rule)
      }
    }
  }

  /// All rules that are there for service ports.
  ///
  /// - Parameter known: The service ports that nat proves, and those that are blocked.
  func mentions(of known: KnownServices) -> [Mention] {
    blocks
      + others.compactMap { claim in
        mentioned(by: claim, known).map {
          Mention(position: claim.position, port: $0, reason: nil)
        }
      }
  }

  /// The service ports that are blocked.
  var blockedPorts: Set<ServicePort> { Set(blocked.lazy.map(\.port)) }

  private mutating func read(_ line: ArraySlice<UInt8>, at position: Int) {
    let bytes = line.span
    let rule = RuleOutline(bytes)
    guard let transport = rule.transport,
      let comment = rule.comment.flatMap({ ServicePortComment(bytes.extracting($0)) })
    else { return }
    switch comment.purpose {
    case .noEndpoints, .noLocalEndpoints:
      guard case .blocked = rule.outcome, let port = comment.servicePort(transport) else { return }
      blocked.insert(Name(port: port, endsInColon: comment.endsInColon(port)))
      blocks.append(Mention(position: position, port: port, reason: comment.blockReason))
    case .healthCheck, .notAccepted:
      others.append(Claim(position: position, comment: comment, transport: transport))
    case .dispatch, .other:
      break
    }
  }

  /// The service port that a rule is there for that blocks nothing.
  private func mentioned(by claim: Claim, _ known: KnownServices) -> ServicePort? {
    let (comment, transport) = (claim.comment, claim.transport)
    guard case .notAccepted(let chain) = comment.purpose else {
      // A health check's is always TCP, whatever the service port is.
      return named(comment, transport, known)
        ?? TransportProtocol.allCases.lazy.compactMap { named(comment, $0, known) }.first
    }
    guard case .service(_, ChainHash(servicePort: comment.literal, transport)) = ChainRole(chain)
    else { return nil }
    return named(comment, transport, known)
  }

  /// The service port that a comment names; nil where no rule that counts gives one that name.
  private func named(
    _ claim: ServicePortComment, _ transport: TransportProtocol, _ known: KnownServices
  ) -> ServicePort? {
    guard let port = claim.servicePort(transport) else { return nil }
    let endsInColon = claim.endsInColon(port)
    let isKnown =
      known.isProven(port, endsInColon: endsInColon)
      || blocked.contains(Name(port: port, endsInColon: endsInColon))
    return isKnown ? port : nil
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

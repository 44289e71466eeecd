internal import Netfilter

/// What an endpoint's chain is proven by: its name is the hash of a service port and of a destination,
/// and its rules tell the destination.
struct EndpointProof {
  private let hash: ChainHash?
  private let rules: RuleList
  private let destinations: [String]

  init(chain index: Int, _ knowledge: ChainKnowledge) {
    hash = if case .service(_, let hash) = knowledge.roles[index] { hash } else { nil }
    rules = knowledge.content.chains[index].rules
    destinations = rules.compactMap { rule in
      if case .destinationNAT(let destination) = rule.target {
        destination.description
      } else {
        nil
      }
    }
  }

  /// Whether the chain's name is the hash of that service port and the chain's own destination.
  func holds(_ literal: [UInt8], _ transport: TransportProtocol) -> Bool {
    destinations.contains {
      hash == ChainHash(servicePort: literal, transport, endpoint: $0)
    }
  }

  /// Whether it is the hash of the service port that the chain's comments claim.
  var holdsForClaim: Bool {
    let claims = rules.lazy.compactMap { $0.comment.flatMap(ServicePortComment.init)?.literal }
    return claims.first.map { claim in
      TransportProtocol.allCases.contains { holds(claim, $0) }
    } ?? false
  }
}

internal import Netfilter

/// What an endpoint's chain is proven by: its name is the hash of a service port and of a destination,
/// and its rules tell the destination.
struct EndpointProof {
  private let knowledge: ChainKnowledge
  private let chain: Int
  private let hash: ChainHash?

  init(chain: Int, _ knowledge: ChainKnowledge) {
    self.knowledge = knowledge
    self.chain = chain
    let role = ChainRole(knowledge.content.chains[chain].name)
    hash = if case .service(_, let hash) = role { hash } else { nil }
  }

  /// Whether the chain's name is the hash of that service port and the chain's own destination.
  ///
  /// - Parameter text: where to put what is to be hashed, so that not each one takes its own memory.
  func holds(_ port: ServicePort, endsInColon: Bool, using text: inout [UInt8]) -> Bool {
    text.removeAll(keepingCapacity: true)
    port.appendName(endsInColon: endsInColon, to: &text)
    return holds(port.transport, using: &text)
  }

  /// Whether it is the hash of that service port and of each of the chain's destinations, of which there
  /// is one at least.
  func holdsThroughout(_ port: ServicePort, endsInColon: Bool) -> Bool {
    var name: [UInt8] = []
    port.appendName(endsInColon: endsInColon, to: &name)
    name.append(contentsOf: port.transport.chainNameText.utf8)
    var holds: Bool?
    knowledge.translations.forEach(of: chain) { translation in
      guard holds != false else { return }
      var text = name
      append(translation, to: &text)
      holds = ChainHash(hashing: text) == hash
    }
    return holds ?? false
  }

  /// Whether it is the hash of the service port that the chain's comments claim.
  func holdsForClaim(using text: inout [UInt8]) -> Bool {
    let rules = knowledge.content.chains[chain].rules
    for rule in 0..<rules.count {
      let line = rules.line(at: rule)
      let bytes = line.span
      guard let comment = RuleOutline.comment(in: bytes),
        let claim = ServicePortComment(bytes.extracting(comment))
      else { continue }
      return holds(for: claim, using: &text)
    }
    return false
  }

  /// Whether it is the hash of the service port that a comment claims.
  func holds(for claim: ServicePortComment, using text: inout [UInt8]) -> Bool {
    for transport in TransportProtocol.allCases {
      text = claim.literal
      if holds(transport, using: &text) { return true }
    }
    return false
  }

  /// The same of the service port whose name `text` holds.
  private func holds(_ transport: TransportProtocol, using text: inout [UInt8]) -> Bool {
    text.append(contentsOf: transport.chainNameText.utf8)
    let end = text.count
    var holds = false
    knowledge.translations.forEach(of: chain) { translation in
      guard !holds else { return }
      text.removeSubrange(end...)
      append(translation, to: &text)
      holds = ChainHash(hashing: text) == hash
    }
    return holds
  }

  private func append(
    _ translation: EndpointTranslations.Translation, to text: inout [UInt8]
  ) {
    if translation.destination.append(to: &text) { return }
    let rules = knowledge.content.chains[chain].rules
    if case .destinationNAT(let destination) = rules.outcome(at: Int(translation.rule)) {
      text.append(contentsOf: destination.description.utf8)
    }
  }
}

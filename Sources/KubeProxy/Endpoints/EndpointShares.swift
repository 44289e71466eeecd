internal import Netfilter

/// What a service chain's rules come to for its endpoints, one rule after the other.
struct EndpointShares {
  private let knowledge: ChainKnowledge
  /// By name, where the chains stand that this one leads to.
  private let targets: [ChainName: Int32]
  /// The endpoints' chains, as they are first named.
  private var names: [ChainName] = []
  private var shares: [Double] = []
  private var places: [ChainName: Int] = [:]
  /// What no rule has taken yet.
  private var rest = 1.0

  init(ofChainAt chain: Int, _ knowledge: ChainKnowledge) {
    self.knowledge = knowledge
    var targets: [ChainName: Int32] = [:]
    for target in knowledge.jumps[chain] {
      targets[knowledge.content.chains[Int(target)].name] = target
    }
    self.targets = targets
    for rule in knowledge.content.chains[chain].rules { add(rule) }
  }

  /// The endpoints with their shares.
  var endpoints: [EndpointShare] {
    zip(names, shares).map { name, share in
      let chain = targets[name].map(Int.init)
      return EndpointShare(
        chain: name, chainIndex: chain, destinations: chain.map(destinations) ?? [], share: share)
    }
  }

  private mutating func add(_ rule: Rule) {
    let taken = rule.share.map { rest * $0 } ?? 0
    if let name = rule.chain, ChainStage(name) == .endpoint {
      if let place = places[name] {
        shares[place] += taken
      } else {
        places[name] = names.count
        names.append(name)
        shares.append(taken)
      }
      rest -= taken
    } else if rule.endsWalk {
      rest -= taken
    }
  }

  private func destinations(of chain: Int) -> [AddressTranslation] {
    let rules = knowledge.content.chains[chain].rules
    var destinations: [AddressTranslation] = []
    knowledge.translations.forEach(of: chain) { translation in
      if case .destinationNAT(let destination) = rules.outcome(at: Int(translation.rule)) {
        destinations.append(destination)
      }
    }
    return destinations
  }
}

extension Rule {
  /// Whether a connection that matches sees no later rule of the chain: a verdict, a translation, or
  /// another service chain, which has endpoints of its own.
  fileprivate var endsWalk: Bool {
    var endsWalk = false
    forEachElement { element, line, _ in
      switch element.kind {
      case .target where Self.endingTargets.contains { line.isText($0, element.name) }:
        endsWalk = true
      case .target:
        endsWalk = ChainName(line, element.name).map { ChainStage($0) == .service } ?? false
      case .goto: endsWalk = true
      case .selector, .match, .option: break
      }
    }
    return endsWalk
  }

  private static let endingTargets = [
    "ACCEPT", "DROP", "QUEUE", "RETURN", "REJECT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT",
  ]
}

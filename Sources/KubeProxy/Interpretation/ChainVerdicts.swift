internal import Netfilter

/// Whose each chain of nat was found to be, kept for the next reading.
struct ChainVerdicts: Sendable {
  enum Verdict {
    case unknown
    /// The chain's name is the hash of this name; an endpoint's, of this and its destination.
    case proven(WrittenName)
    /// An endpoint's chain's name is the hash of no service port in nat and its destination.
    case nobodys
  }

  private var codes: [Int32]

  init(chainCount: Int) { codes = Array(repeating: Self.unknown, count: chainCount) }

  private static let unknown: Int32 = -1
  private static let nobodys: Int32 = -2

  subscript(chain: Int) -> Verdict {
    get {
      switch codes[chain] {
      case Self.unknown: .unknown
      case Self.nobodys: .nobodys
      case let code: .proven(WrittenName(code: code))
      }
    }
    set {
      codes[chain] =
        switch newValue {
        case .unknown: Self.unknown
        case .proven(let name): name.code
        case .nobodys: Self.nobodys
        }
    }
  }
}

/// What the map before found of chains, in the terms of the new one.
struct FormerVerdicts {
  /// For each service port, whether it stands in nat under another name than before or under one for
  /// the first time: what was found before says nothing of it.
  let isNew: [Bool]

  private let registry: ServiceRegistry
  private let ranking: ServiceRanking
  private let pairing: ChainPairing
  private let verdicts: ChainVerdicts

  init(
    _ registry: ServiceRegistry, _ ranking: ServiceRanking, _ pairing: ChainPairing,
    previous: ServiceMap?
  ) {
    self.registry = registry
    self.ranking = ranking
    self.pairing = pairing
    verdicts = previous?.verdicts ?? ChainVerdicts(chainCount: 0)
    isNew = ranking.order.indices.map { index in
      let former = Int(ranking.formerPositions[index])
      guard ranking.standings[index].isInNat else { return false }
      return former < 0 || previous?.standings[former] != ranking.standings[index]
    }
  }

  /// Whose chain a service port's is by the hash in its name; nil where nothing proves it.
  func name(of chain: Int, in knowledge: ChainKnowledge) -> WrittenName? {
    guard knowledge.stages[chain] == .service else { return nil }
    // The name is the same, whatever became of the rules.
    if case .proven(let name) = verdict(before: chain) {
      return ranking.name(name, in: registry)
    }
    guard case .service(_, let hash) = ChainRole(knowledge.content.chains[chain].name) else {
      return nil
    }
    return ranking.identities[hash]
  }

  /// What was found of an endpoint's chain; unknown where its rules changed, or the service port that
  /// it was found to be of.
  func endpoint(_ chain: Int) -> ChainVerdicts.Verdict {
    guard let position = pairing.unchanged(chain) else { return .unknown }
    let verdict = verdicts[position]
    guard case .proven(let former) = verdict else { return verdict }
    let service = Int(ranking.ranks[Int(former.service)])
    guard service >= 0, ranking.standings[service] == ServiceStanding(former) else {
      return .unknown
    }
    return .proven(WrittenName(service: Int32(service), endsInColon: former.endsInColon))
  }

  @inline(__always)
  private func verdict(before chain: Int) -> ChainVerdicts.Verdict {
    pairing.former(of: chain).map { verdicts[$0] } ?? .unknown
  }
}

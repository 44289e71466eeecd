internal import Netfilter

/// Nat's dispatch rules: whose each of them is.
///
/// A rule is a service port's where it leads to one of its chains; but if its comment names another
/// service port, it is nobody's, though the chain remains what its hash proves.
struct DispatchReading {
  struct OwnedRule {
    let place: Place
    /// The service port's index in the registry.
    let service: Int32
  }

  /// A rule of a dispatch chain.
  struct Place {
    let chain: Int32
    let rule: Int32
  }

  private(set) var owned: [OwnedRule] = []
  private(set) var unnamed = UnnamedChains()

  private let content: TableContent
  /// Rules whose chain wasn't proven to be anybody's when they were read.
  private var undecided: [Place] = []
  /// Rules that lead to no service chain.
  private var beside: [Place] = []

  /// Reads the dispatch rules, and enters the service ports that they prove.
  init(
    _ knowledge: ChainKnowledge, previous: ServiceMap?, into registry: inout ServiceRegistry
  ) {
    content = knowledge.content
    let chains = knowledge.dispatchChains
    owned.reserveCapacity(chains.reduce(0) { $0 + content.chains[$1].rules.count })
    if let previous, let former = previous.knowledge,
      chains.map({ knowledge.pairing.unchanged($0) }) == former.dispatchChains
    {
      takeOver(chains, from: previous, former)
      registry.takeOverNat(previous)
      return
    }
    for chain in chains {
      for rule in 0..<content.chains[chain].rules.count {
        read(Place(chain: Int32(chain), rule: Int32(rule)), &registry)
      }
    }
    decide(registry)
    if !beside.isEmpty { attributeBeside(registry) }
  }

  /// What the same rules in the same order were found to be.
  private mutating func takeOver(
    _ chains: [Int], from previous: ServiceMap, _ former: ChainKnowledge
  ) {
    unnamed = previous.unnamed
    for (chain, formerChain) in zip(chains, former.dispatchChains) {
      let first = former.content.firstRules[formerChain]
      for rule in 0..<content.chains[chain].rules.count {
        let owner = previous.natOwners[first + rule]
        guard owner >= 0 else { continue }
        owned.append(
          OwnedRule(place: Place(chain: Int32(chain), rule: Int32(rule)), service: owner))
      }
    }
  }

  private mutating func read(_ place: Place, _ registry: inout ServiceRegistry) {
    let line = line(place)
    let bytes = line.span
    let outline = RuleOutline(bytes)
    let comment = bytes.extracting(outline.comment ?? 0..<0)
    guard let (_, hash) = outline.serviceChain else {
      // A comment that isn't kube-proxy's is another's rule.
      if outline.comment == nil || ServicePortComment(comment) != nil { beside.append(place) }
      return
    }
    let finding = registry.identify(hash, comment, outline.transport)
    guard let finding, registry.isProven(finding.name) else {
      undecided.append(place)
      return
    }
    if finding.isNamed || ServicePortComment(comment) == nil {
      owned.append(OwnedRule(place: place, service: finding.name.service))
    }
  }

  /// Looks again at the rules that another one behind them may have proven.
  private mutating func decide(_ registry: ServiceRegistry) {
    /// Whether a rule that leads to the chain names a service port.
    var unnamed: [ChainName: Bool] = [:]
    for place in undecided {
      let line = line(place)
      let bytes = line.span
      let outline = RuleOutline(bytes)
      guard let (chain, hash) = outline.serviceChain else { continue }
      let comment = bytes.extracting(outline.comment ?? 0..<0)
      guard let name = registry.provenName(hash) else {
        if ServicePortComment(comment) != nil {
          unnamed[chain] = true
        } else if unnamed[chain] == nil {
          unnamed[chain] = false
        }
        continue
      }
      if registry.isNamed(name, by: comment) || ServicePortComment(comment) == nil {
        owned.append(OwnedRule(place: place, service: name.service))
      }
    }
    for isNamed in unnamed.values { self.unnamed.add(isNamed: isNamed) }
  }

  /// Attributes what stands beside the dispatch rules for the same packets: up to 1.21, the masquerade
  /// rules.
  private mutating func attributeBeside(_ registry: ServiceRegistry) {
    var services: [Selector: Int32] = [:]
    // Of two service ports' rules for the same packets, the last counts.
    let inOrder = owned.sorted {
      ($0.place.chain, $0.place.rule) < ($1.place.chain, $1.place.rule)
    }
    for rule in inOrder {
      let line = line(rule.place)
      services[Selector(RuleOutline(line.span))] = rule.service
    }
    for place in beside {
      let line = line(place)
      let bytes = line.span
      let outline = RuleOutline(bytes)
      guard let service = services[Selector(outline)] else { continue }
      let claim = outline.comment.flatMap { ServicePortComment(bytes.extracting($0)) }
      let transport = registry.transport(service)
      guard claim.map({ registry.named($0, transport) == service }) ?? true else { continue }
      owned.append(OwnedRule(place: place, service: service))
    }
  }

  /// What distinguishes the packets of one service port from all others.
  private struct Selector: Hashable {
    let transport: TransportProtocol?
    let destination: AddressMatch?
    let port: UInt16?

    init(_ rule: RuleOutline) {
      transport = rule.transport
      destination = rule.destination
      port = rule.destinationPort
    }
  }

  private func line(_ place: Place) -> ArraySlice<UInt8> {
    content.chains[Int(place.chain)].rules.line(at: Int(place.rule))
  }
}

extension RuleOutline {
  var transport: TransportProtocol? { ipProtocol.flatMap(TransportProtocol.init) }

  /// The service port's chain that the rule leads to, with the hash at its end.
  fileprivate var serviceChain: (name: ChainName, hash: ChainHash)? {
    guard case .chain(let name) = outcome, case .service(let family, let hash) = ChainRole(name),
      family != .endpoint
    else { return nil }
    return (name, hash)
  }
}

/// How many service chains are dispatched to by no rule that proves whose they are, and why none does.
///
/// Their service ports can't be named: a chain's name is a hash, which only confirms a name that
/// somebody says.
public struct UnnamedChains: Sendable, Hashable {
  /// Chains that only rules lead to whose comments name no service port, or that have none.
  public private(set) var withoutName = 0
  /// Chains whose hash is that of no service port that the rules leading to them name.
  public private(set) var contradicted = 0

  public init() {}

  public var count: Int { withoutName + contradicted }

  /// Adds a chain.
  mutating func add(isNamed: Bool) {
    if isNamed { contradicted += 1 } else { withoutName += 1 }
  }

  public static func + (left: UnnamedChains, right: UnnamedChains) -> UnnamedChains {
    var sum = left
    sum.withoutName += right.withoutName
    sum.contradicted += right.contradicted
    return sum
  }

  /// The notice for people; nil where every chain has a name.
  public var notice: String? {
    if count == 0 { return nil }
    let chains = count == 1 ? "1 service chain is" : "\(count) service chains are"
    let reasons = [
      (withoutName, "no comment says whose"),
      (contradicted, "the chain's hash contradicts the comment"),
    ].filter { $0.0 > 0 }
    let words = reasons.map { reasons.count == 1 ? $0.1 : "\($0.1) (\($0.0))" }
    return "\(chains) of no known service port: \(words.joined(separator: ", or "))"
  }
}

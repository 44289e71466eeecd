internal import Netfilter

/// What the rules of KUBE-SERVICES and KUBE-NODEPORTS say: which service ports there are, and which of them
/// owns each rule.
///
/// A rule proves a service port if its comment names the service port, and the name's hash ends the name of
/// the chain that the rule leads to. A service port owns the rules that lead to its chains. A rule whose
/// comment names another service port belongs to nobody.
///
/// Service ports stand here by their indices only. ``ServiceMap`` holds their names.
struct DispatchFacts: Sendable {
  /// The chains that the facts are about, in nat's order.
  fileprivate let chains: [Chain]
  /// For each service port, how the rules write its name.
  let writings: [NameWriting]
  /// The proven names, each by its hash, which ends the names of the service port's chains.
  let names: [ChainHash: WrittenName]
  /// For each chain and rule, the index of the service port that owns the rule.
  let owners: [[OptionalIndex]]
  /// For each chain, the rules that lead to a service port's chain and name no single port.
  let withoutPort: [[Int]]
  /// The service ports that no rule leads to for a cluster IP.
  let withoutClusterIP: [Int32]
  let unnamed: UnnamedChains
  /// Numbers that stand for where service ports are reached, each once; sorted.
  let places: [UInt64]
}

/// The service ports that dispatch rules prove, sorted, and the facts about them.
struct ProvenServices: Sendable {
  let facts: DispatchFacts
  let ports: [ServicePort]
}

extension ProvenServices {
  /// - Parameter former: Those of an earlier reading. If the chains are the same, so are the facts. If
  ///   not, the names that it proves need not be hashed again.
  init(_ nat: TableContent, _ former: ProvenServices?) {
    // By index: a copy of each chain would touch its rules' storage.
    let chains = nat.chains.indices.filter {
      ChainStage.dispatchChains.contains(nat.chains[$0].name)
    }.map { nat.chains[$0] }
    if let former, former.facts.chains == chains {
      self = former
      return
    }
    var reader = DispatchReader(chains, former)
    reader.read()
    let ranks = reader.rank()
    ports = ranks.ports
    let numbers = ranks.ports.map { Mixer($0).value }
    // A rule may stand beside another for the same packets.
    let places = reader.places.map { $0.mixed(numbers[Int(ranks.ranks[$1])]) }.sorted()
    facts = DispatchFacts(
      chains: chains, writings: ranks.writings,
      names: reader.names.mapValues { found in
        WrittenName(
          service: ranks.ranks[Int(found)], endsInColon: reader.found[Int(found)].endsInColon)
      },
      owners: reader.owners.map { rules in
        rules.map { OptionalIndex($0.index.map { Int(ranks.ranks[$0]) }) }
      },
      withoutPort: reader.withoutPort,
      withoutClusterIP: Set(0..<Int32(ranks.ports.count))
        .subtracting(reader.withClusterIP.map { ranks.ranks[$0] }).sorted(),
      unnamed: reader.unnamed,
      places: places.indices.filter { $0 == 0 || places[$0] != places[$0 - 1] }.map { places[$0] })
  }

  /// Whether a rule proves that name.
  func isProven(_ port: ServicePort, endsInColon: Bool) -> Bool {
    guard let index = ports.sortedIndex(of: port) else { return false }
    return facts.writings[index].contains(endsInColon ? .withColon : .plain)
  }
}

/// Reads the rules that dispatch.
private struct DispatchReader {
  /// A name that a rule proves.
  struct Name {
    let port: ServicePort
    let endsInColon: Bool
    /// The service port's index among those of the earlier reading.
    var former = OptionalIndex.none

    /// Sorts by service port.
    static func < (left: Name, right: Name) -> Bool {
      // They were sorted then. To compare names takes long.
      if let left = left.former.index, let right = right.former.index { return left < right }
      return left.port < right.port
    }
  }

  /// In the order of the rules.
  private(set) var found: [Name] = []
  private(set) var names: [ChainHash: Int32] = [:]
  /// For each chain and rule, an index of `found`.
  private(set) var owners: [[OptionalIndex]]
  private(set) var unnamed = UnnamedChains()
  private(set) var withoutPort: [[Int]]
  /// The indices of `found` that a rule leads to for a cluster IP.
  private(set) var withClusterIP: Set<Int> = []
  /// Where service ports are reached, with an index of `found`.
  private(set) var places: [(Mixer, Int)] = []

  private let chains: [Chain]
  private let former: ProvenServices?
  /// Rules whose chain wasn't proven to be anybody's when they were read.
  private var undecided: [Place] = []
  /// Rules that lead to no service chain.
  private var beside: [Place] = []

  /// A rule by its chain and its position there.
  private typealias Place = (chain: Int, rule: Int)

  init(_ chains: [Chain], _ former: ProvenServices?) {
    self.chains = chains
    self.former = former
    owners = chains.map { Array(repeating: .none, count: $0.rules.count) }
    withoutPort = chains.map { _ in [] }
    names.reserveCapacity(former?.ports.count ?? 0)
  }

  mutating func read() {
    for chain in chains.indices {
      for rule in 0..<chains[chain].rules.count { read((chain, rule)) }
    }
    decide()
    if !beside.isEmpty { attributeBeside() }
  }

  private mutating func read(_ place: Place) {
    let line = chains[place.chain].rules.line(at: place.rule)
    let bytes = line.span
    let outline = RuleOutline(bytes)
    let comment = bytes.extracting(outline.comment ?? 0..<0)
    guard let (_, hash) = outline.serviceChain else {
      // A comment that isn't kube-proxy's is another's rule.
      if outline.comment == nil || ServicePortComment(comment) != nil { beside.append(place) }
      return
    }
    if outline.destinationPort == nil { withoutPort[place.chain].append(place.rule) }
    if let name = names[hash] {
      if isOwner(Int(name), comment) { own(place, Int(name), outline, comment) }
    } else if let name = proven(hash, comment, outline.transport) {
      names[hash] = Int32(found.count)
      own(place, found.count, outline, comment)
      found.append(name)
    } else {
      undecided.append(place)
    }
  }

  private mutating func own(
    _ place: Place, _ name: Int, _ outline: RuleOutline, _ comment: Span<UInt8>
  ) {
    owners[place.chain][place.rule] = OptionalIndex(name)
    let chain = chains[place.chain].name
    let mixer = outline.place(inDispatchChain: chain, comment)
    if let mixer { places.append((mixer, name)) }
    // Any other comment counts as a cluster IP's: somebody may have edited it.
    if chain == .kubeServices,
      !["external IP", "loadbalancer IP"].contains(where: { comment.ends(with: $0) })
    {
      withClusterIP.insert(name)
    }
  }

  /// Whether a rule that leads to a chain of that name is the service port's.
  private func isOwner(_ name: Int, _ comment: Span<UInt8>) -> Bool {
    found[name].port.isNamed(by: comment, endsInColon: found[name].endsInColon)
      || ServicePortComment(comment) == nil
  }

  /// The name that a comment gives, if this is its hash.
  private func proven(
    _ hash: ChainHash, _ comment: Span<UInt8>, _ transport: TransportProtocol?
  ) -> Name? {
    guard let transport else { return nil }
    if let former, let known = former.facts.names[hash] {
      let port = former.ports[Int(known.service)]
      let endsInColon = known.endsInColon
      if port.transport == transport, port.isNamed(by: comment, endsInColon: endsInColon) {
        return Name(
          port: port, endsInColon: endsInColon, former: OptionalIndex(Int(known.service)))
      }
    }
    guard let claim = ServicePortComment(comment),
      ChainHash(servicePort: claim.literal, transport) == hash,
      let port = claim.servicePort(transport)
    else { return nil }
    return Name(port: port, endsInColon: claim.endsInColon(port))
  }

  /// Looks again at the rules that another one behind them may have proven.
  private mutating func decide() {
    /// Whether a rule that leads to the chain names a service port.
    var unnamed: [ChainName: Bool] = [:]
    for place in undecided {
      let line = chains[place.chain].rules.line(at: place.rule)
      let bytes = line.span
      let outline = RuleOutline(bytes)
      guard let (chain, hash) = outline.serviceChain else { continue }
      let comment = bytes.extracting(outline.comment ?? 0..<0)
      if let name = names[hash] {
        if isOwner(Int(name), comment) { own(place, Int(name), outline, comment) }
      } else {
        let isNamed = ServicePortComment(comment) != nil
        unnamed[chain] = unnamed[chain] ?? false || isNamed
      }
    }
    for isNamed in unnamed.values { self.unnamed.add(isNamed: isNamed) }
  }

  /// Attributes what stands beside the dispatch rules for the same packets: up to 1.21, the masquerade
  /// rules.
  private mutating func attributeBeside() {
    var services: [Selector: Int] = [:]
    // Of two service ports' rules for the same packets, the last counts.
    for (chain, owners) in zip(chains, owners) {
      for (rule, owner) in owners.enumerated() {
        guard let name = owner.index else { continue }
        services[Selector(chain.rules.outline(at: rule))] = name
      }
    }
    for place in beside {
      let line = chains[place.chain].rules.line(at: place.rule)
      let bytes = line.span
      let outline = RuleOutline(bytes)
      guard let name = services[Selector(outline)] else { continue }
      let comment = bytes.extracting(outline.comment ?? 0..<0)
      if outline.comment != nil, !isNamed(name, by: comment) { continue }
      own(place, name, outline, comment)
    }
  }

  /// Whether a comment names the service port, with or without a colon, as some rule proves it.
  private func isNamed(_ name: Int, by comment: Span<UInt8>) -> Bool {
    let port = found[name].port
    if port.isNamed(by: comment, endsInColon: found[name].endsInColon) { return true }
    guard port.port.isEmpty, let claim = ServicePortComment(comment),
      let other = names[ChainHash(servicePort: claim.literal, port.transport)]
    else { return false }
    return found[Int(other)].port == port
  }

  /// The service ports, sorted, how they are written, and for each of `found` the index of its service port.
  func rank() -> (ports: [ServicePort], writings: [NameWriting], ranks: [Int32]) {
    var ports: [ServicePort] = []
    var writings: [NameWriting] = []
    var ranks = [Int32](repeating: 0, count: found.count)
    ports.reserveCapacity(found.count)
    writings.reserveCapacity(found.count)
    // Of a service port's two names, the one that stands first stays first.
    let order = found.indices.sorted { found[$0] < found[$1] }
    for name in order {
      let (port, endsInColon) = (found[name].port, found[name].endsInColon)
      if ports.last != port {
        ports.append(port)
        writings.append(endsInColon ? .colonIsFirst : [])
      }
      writings[writings.count - 1].insert(endsInColon ? .withColon : .plain)
      ranks[name] = Int32(ports.count - 1)
    }
    return (ports, writings, ranks)
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
}

extension Span<UInt8> {
  func ends(with text: String) -> Bool {
    let length = text.utf8.count
    return length <= count && isText(text, count - length..<count)
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

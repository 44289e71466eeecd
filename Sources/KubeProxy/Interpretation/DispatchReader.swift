public import Netfilter

/// Reads the rules that dispatch.
struct DispatchReader {
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
  private let former: KnownServices?
  /// Rules whose chain wasn't proven to be anybody's when they were read.
  private var undecided: [Place] = []
  /// Rules that lead to no service chain.
  private var beside: [Place] = []

  /// A rule by its chain and its position there.
  private typealias Place = (chain: Int, rule: Int)

  init(_ chains: [Chain], _ former: KnownServices?) {
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

  /// Returns all service ports, sorted, how the rules write each, and for each of `found` the index of its service
  /// port.
  ///
  /// - Parameter others: Service ports that are listed even if nat has no rule for them.
  func rank(
    with others: Set<ServicePort>
  ) -> (ports: [ServicePort], writings: [NameWriting], ranks: [Int32]) {
    var ports: [ServicePort] = []
    var writings: [NameWriting] = []
    var ranks = [Int32](repeating: 0, count: found.count)
    ports.reserveCapacity(found.count)
    writings.reserveCapacity(found.count)
    let all = found + others.map { Name(port: $0, endsInColon: false) }
    // Of a service port's two names, the one that stands first stays first.
    for name in all.indices.sorted(by: { all[$0] < all[$1] }) {
      let (port, endsInColon) = (all[name].port, all[name].endsInColon)
      if ports.last != port {
        ports.append(port)
        writings.append(endsInColon ? .colonIsFirst : [])
      }
      guard name < found.count else { continue }
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
  public func ends(with text: String) -> Bool {
    let length = text.utf8.count
    return length <= count && isText(text, count - length..<count)
  }
}

extension RuleOutline {
  /// The protocol that the rule is restricted to, if it is one that services have.
  public var transport: TransportProtocol? { ipProtocol.flatMap(TransportProtocol.init) }

  /// The service port's chain that the rule leads to, with the hash at its end.
  fileprivate var serviceChain: (name: ChainName, hash: ChainHash)? {
    outcome.chain.flatMap { name in ChainRole(name).servicePortHash.map { (name, $0) } }
  }
}

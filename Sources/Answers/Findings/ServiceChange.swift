internal import Churn
internal import KubeProxy
internal import Netfilter

extension FamilyComparison {
  /// What differs for service ports, one after the other.
  func serviceFindings(_ tally: ChangeTally) -> [DifferenceFinding] {
    if tally.services.isEmpty { return [] }
    let (old, new) = (DispatchFacts(self.old), DispatchFacts(self.new))
    var findings: [DifferenceFinding] = []
    var commentsOnly = 0
    for (port, changes) in tally.services.sorted(by: { $0.key < $1.key }) {
      let change = ServiceChange(
        port: port, family: family, old: old.facts(of: port), new: new.facts(of: port),
        changes: changes)
      if change.isCommentsOnly { commentsOnly += 1 } else { findings += change.findings }
    }
    if commentsOnly > 0 {
      findings.append(
        finding(
          .commentsOnly, .none,
          "only comments differ in the rules of \(Wording.count(commentsOnly, "service port"))"
            + "\(Wording.suffix(family)): no effect on traffic"))
    }
    return findings
  }
}

/// One service port on both sides: what differs, in sentences.
struct ServiceChange {
  let port: ServicePort
  let family: IPFamily
  /// Nil where it did not exist.
  let old: ServiceFacts?
  /// Nil where it doesn't exist any more.
  let new: ServiceFacts?
  let changes: ChangeTally.ServiceTally

  /// Whether its rules differ in nothing but comments.
  var isCommentsOnly: Bool {
    old != nil && new != nil && changes.chains.keys.allSatisfy(changes.commentsOnly.contains)
  }

  var findings: [DifferenceFinding] {
    switch (old, new) {
    case (nil, nil): []
    case (nil, let new?):
      [
        finding(
          .serviceCreated,
          "\(name) was created (\(Wording.count(new.service.rules, "rule")))"
            + (new.details.isEmpty ? "" : ": \(new.details)"))
      ]
    case (let old?, nil):
      [
        finding(
          .serviceRemoved, "\(name) was removed (\(Wording.count(old.service.rules, "rule")))")
      ]
    case (let old?, let new?): differences(old, new)
    }
  }

  fileprivate var name: String { "\(port)\(Wording.suffix(family))" }

  fileprivate func finding(
    _ kind: DifferenceFinding.Kind, _ text: String, _ place: ChangeTally.Place? = nil
  ) -> DifferenceFinding {
    DifferenceFinding(
      kind: kind, impact: .traffic, text: text, family: family, table: place?.table,
      chain: place?.chain,
      servicePort: port)
  }

  private func differences(_ old: ServiceFacts, _ new: ServiceFacts) -> [DifferenceFinding] {
    let blocking = BlockReason.allCases.flatMap { blockings($0, old, new) }
    let endpoints = EndpointsChange(self, old, new)
    let reached = [addresses(old, new), nodePorts(old, new)].compactMap(\.self)
    let affinity = affinity(old, new)
    let rest = rest(
      explainsDispatch: !reached.isEmpty || !blocking.isEmpty,
      explainsEndpoints: !endpoints.findings.isEmpty || affinity != nil)
    return blocking + endpoints.findings + reached + [affinity].compactMap(\.self)
      + orders(endpoints) + [rest].compactMap(\.self)
  }

  private func blockings(
    _ reason: BlockReason, _ old: ServiceFacts, _ new: ServiceFacts
  ) -> [DifferenceFinding] {
    // Without endpoints, what is new is an address or a NodePort.
    let isOld = reason == .noEndpoints && old.service.blocked.contains(reason)
    if isOld, new.service.blocked.contains(reason) { return [] }
    var findings: [DifferenceFinding] = []
    let came = new.blocked.subtracting(old.blocked)
    if !came.origins(reason).isEmpty {
      findings.append(
        finding(.serviceBlocked, "\(name) is blocked now\(came.words(reason)): \(reason.words)"))
    }
    let gone = old.blocked.subtracting(new.blocked)
    if !gone.origins(reason).isEmpty {
      findings.append(
        finding(
          .serviceUnblocked,
          "\(name) is no longer blocked\(gone.words(reason)) for lack of \(reason.lacking)"))
    }
    return findings
  }

  private func addresses(_ old: ServiceFacts, _ new: ServiceFacts) -> DifferenceFinding? {
    let (gone, came) = exchange(
      Set(old.addresses.map(\.description)), Set(new.addresses.map(\.description)))
    if gone.isEmpty, came.isEmpty { return nil }
    let words = gone.map { "\($0) gone" } + came.map { "\($0) new" }
    return finding(
      .addressesChanged, "the addresses of \(name) changed: \(Wording.list(words, atMost: 6))")
  }

  private func nodePorts(_ old: ServiceFacts, _ new: ServiceFacts) -> DifferenceFinding? {
    let ports = exchange(Set(old.nodePorts), Set(new.nodePorts))
    let gone = ports.gone.map(String.init).joined(separator: ", ")
    let came = ports.came.map(String.init).joined(separator: ", ")
    return switch (gone.isEmpty, came.isEmpty) {
    case (true, true): nil
    case (true, false): finding(.nodePortsChanged, "\(name) has a new NodePort: \(came)")
    case (false, true): finding(.nodePortsChanged, "\(name) lost its NodePort \(gone)")
    case (false, false):
      finding(.nodePortsChanged, "the NodePort of \(name) changed from \(gone) to \(came)")
    }
  }

  private func affinity(_ old: ServiceFacts, _ new: ServiceFacts) -> DifferenceFinding? {
    if old.affinity == new.affinity { return nil }
    let seconds = new.affinity.map(String.init).joined(separator: ", ")
    return finding(
      .sessionAffinityChanged,
      seconds.isEmpty
        ? "clients of \(name) no longer stay with an endpoint (session affinity)"
        : "clients of \(name) stay with an endpoint for \(seconds) seconds now (session affinity)")
  }

  /// Rules that moved in the service port's own chains, where the order counts.
  private func orders(_ endpoints: EndpointsChange) -> [DifferenceFinding] {
    changes.chains.sorted { $0.key < $1.key }.compactMap { place, counts in
      guard counts.moved > 0, case .service(let kind, _) = ChainRole(place.chain),
        !endpoints.changedChains.contains(place.chain)
      else { return nil }
      let consequence =
        switch kind {
        case .service, .local, .externalLoadBalancer:
          ": its probabilities depend on the order, and the shares "
            + (endpoints.unequalChains.contains(place.chain) ? "changed" : "are as before")
        case .endpoint, .external, .firewall: ", where the order counts"
        }
      let rules = Wording.count(counts.moved, "rule")
      return finding(
        .serviceOrder, "\(rules) moved in \(place.chain) of \(name)\(consequence)", place)
    }
  }

  /// Rules that came or went, in chains that no other finding explains: rules that dispatch to the service
  /// port or block it, or the chains that balance over endpoints and the endpoints' chains.
  private func rest(explainsDispatch: Bool, explainsEndpoints: Bool) -> DifferenceFinding? {
    var counts = ChangeCounts.zero
    var chains: [String] = []
    for (place, changed) in changes.chains.sorted(by: { $0.key < $1.key })
    where changed.added + changed.removed > 0 {
      switch ChainRole(place.chain) {
      case .service(.service, _), .service(.local, _), .service(.externalLoadBalancer, _),
        .service(.endpoint, _):
        if explainsEndpoints { continue }
      case .dispatch: if explainsDispatch { continue }
      case .service, .system, .other: break
      }
      counts.added += changed.added
      counts.removed += changed.removed
      chains.append(Wording.place(place.chain, place.table, .ipv4))
    }
    if chains.isEmpty { return nil }
    return finding(
      .serviceRulesChanged,
      "the rules of \(name) changed: \(counts.text) (\(Wording.list(chains)))")
  }
}

/// What only one of two sets holds.
private func exchange<Element: Comparable>(
  _ old: Set<Element>, _ new: Set<Element>
) -> (gone: [Element], came: [Element]) {
  (old.subtracting(new).sorted(), new.subtracting(old).sorted())
}

/// What differs in a service port's endpoints: which there are, and how much each gets.
private struct EndpointsChange {
  private(set) var findings: [DifferenceFinding] = []
  /// The service chains whose endpoints are others.
  private(set) var changedChains: Set<ChainName> = []
  /// The service chains whose endpoints are the same, with other shares.
  private(set) var unequalChains: Set<ChainName> = []

  private let change: ServiceChange

  init(_ change: ServiceChange, _ old: ServiceFacts, _ new: ServiceFacts) {
    self.change = change
    addEndpoints(Set(old.endpoints), Set(new.endpoints), "\(change.name) changed")
    let isEverywhere = !findings.isEmpty
    let oldChains = Dictionary(
      old.chains.map { ($0.chain, $0.endpoints) }, uniquingKeysWith: { $1 })
    for chain in new.chains {
      let before = oldChains[chain.chain] ?? []
      let (oldNames, newNames) = (Set(before.map(\.text)), Set(chain.endpoints.map(\.text)))
      if oldNames == newNames {
        addShares(before, chain)
        continue
      }
      changedChains.insert(chain.chain)
      if !isEverywhere {
        addEndpoints(oldNames, newNames, "\(change.name) changed in \(chain.chain)")
      }
    }
  }

  private mutating func addEndpoints(_ old: Set<String>, _ new: Set<String>, _ words: String) {
    let (gone, came) = exchange(old, new)
    if gone.isEmpty, came.isEmpty { return }
    let counts = Wording.counts([(gone.count, "gone"), (came.count, "new")])
    findings.append(change.finding(.endpointsChanged, "the endpoints of \(words): \(counts)"))
  }

  private mutating func addShares(_ old: [EndpointShare], _ chain: ServiceChainEndpoints) {
    let before = Dictionary(old.map { ($0.text, $0.share) }, uniquingKeysWith: +)
    let after = Dictionary(chain.endpoints.map { ($0.text, $0.share) }, uniquingKeysWith: +)
    // A saved file's probabilities have nearly as many digits as the kernel's.
    let words = after.sorted { $0.key < $1.key }.compactMap { endpoint, share in
      let former = before[endpoint] ?? 0
      return abs(former - share) > 1e-6
        ? "\(endpoint) \(Wording.percent(former)) → \(Wording.percent(share))" : nil
    }
    if words.isEmpty { return }
    unequalChains.insert(chain.chain)
    findings.append(
      change.finding(
        .sharesChanged,
        "the shares of \(change.name)'s endpoints changed in \(chain.chain): \(Wording.list(words))"
      ))
  }
}

extension ServiceFacts {
  /// What there is to say of a service port that is new.
  fileprivate var details: String {
    var parts = addresses.map { "\($0.kind.words) \($0)" }
    parts += nodePorts.map { "NodePort \($0)" }
    let endpoints = endpoints
    switch endpoints.count {
    case 0: break
    case 1: parts.append("endpoint \(endpoints[0])")
    case 2...3: parts.append("endpoints \(endpoints.joined(separator: ", "))")
    default: parts.append("\(endpoints.count) endpoints")
    }
    parts += service.blocked.sorted { $0.rawValue < $1.rawValue }.map { reason in
      "blocked\(blocked.words(reason)), \(reason.words)"
    }
    return parts.joined(separator: ", ")
  }
}

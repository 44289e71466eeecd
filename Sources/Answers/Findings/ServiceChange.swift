internal import Churn
internal import KubeProxy
internal import Netfilter

extension FamilyComparison {
  /// What differs for service ports, one after the other.
  func serviceFindings(_ tally: ChangeTally) -> [DifferenceFinding] {
    if tally.services.isEmpty { return [] }
    let (old, new) = (FamilyServices(self.old), FamilyServices(self.new))
    var findings: [DifferenceFinding] = []
    var harmless: [ChangeTally.Weight: Int] = [:]
    for (port, changes) in tally.services.sorted(by: { $0.key < $1.key }) {
      let (before, after) = (old.report(of: port), new.report(of: port))
      let weight = changes.values.lazy.map(\.weight).max() ?? .rules
      if weight != .rules, before != nil, after != nil {
        harmless[weight, default: 0] += 1
        continue
      }
      var change = ServiceChange(port, family, changes)
      change.compare(before, after)
      findings += change.findings
    }
    let kinds: [(ChangeTally.Weight, DifferenceFinding.Kind, String)] = [
      (.comments, .commentsOnly, "comments differ"),
      (.rounding, .rewritten, "the rounding of shares differs"),
    ]
    return findings
      + kinds.compactMap { weight, kind, what in
        harmless[weight].map {
          let ports = "\(Wording.count($0, "service port"))\(Wording.suffix(family))"
          return finding(kind, "only \(what) in the rules of \(ports): no effect on traffic")
        }
      }
  }
}

/// One service port on both sides: what differs, in sentences.
private struct ServiceChange {
  private(set) var findings: [DifferenceFinding] = []

  private let port: ServicePort
  private let family: IPFamily
  private let name: String
  /// What changed in each chain, in order.
  private let chains: [ChangeTally.ServiceTally.Element]
  /// The service chains whose endpoints are others.
  private var changedChains: Set<ChainName> = []
  /// The service chains whose endpoints are the same, with other shares.
  private var unequalChains: Set<ChainName> = []

  init(_ port: ServicePort, _ family: IPFamily, _ changes: ChangeTally.ServiceTally) {
    self.port = port
    self.family = family
    name = "\(port)\(Wording.suffix(family))"
    chains = changes.sorted { $0.key < $1.key }
  }

  /// Adds what differs; a side is nil where the service port doesn't exist there.
  mutating func compare(_ old: ServiceReport?, _ new: ServiceReport?) {
    switch (old, new) {
    case (nil, nil): break
    case (nil, let new?):
      let rules = Wording.count(new.service.rules, "rule")
      let details = new.details.isEmpty ? "" : ": \(new.details)"
      add(.serviceCreated, "\(name) was created (\(rules))\(details)")
    case (let old?, nil):
      add(.serviceRemoved, "\(name) was removed (\(Wording.count(old.service.rules, "rule")))")
    case (let old?, let new?):
      for reason in BlockReason.allCases { addBlocking(reason, old, new) }
      addEndpoints(old, new)
      addAddresses(old, new)
      addNodePorts(old, new)
      addAffinity(old, new)
      addOrders()
      addRest()
    }
  }

  private mutating func add(
    _ kind: DifferenceFinding.Kind, _ text: String, _ place: ChangeTally.Place? = nil
  ) {
    findings.append(
      DifferenceFinding(
        kind: kind, text: text, family: family, table: place?.table, chain: place?.chain,
        servicePort: port))
  }

  private mutating func addBlocking(
    _ reason: BlockReason, _ old: ServiceReport, _ new: ServiceReport
  ) {
    // Without endpoints, what is new is an address or a NodePort.
    let isOld = reason == .noEndpoints && old.blocked.contains(reason)
    if isOld, new.blocked.contains(reason) { return }
    let came = new.blockedTraffic.subtracting(old.blockedTraffic)
    if !came.origins(reason).isEmpty {
      let words = "\(came.words(reason)): it has no \(reason.lacking)"
      add(.serviceBlocked, "\(name) is blocked now\(words)")
    }
    let gone = old.blockedTraffic.subtracting(new.blockedTraffic)
    if !gone.origins(reason).isEmpty {
      let words = "\(gone.words(reason)) for lack of \(reason.lacking)"
      add(.serviceUnblocked, "\(name) is no longer blocked\(words)")
    }
  }

  /// Adds what differs in the endpoints: which there are, and how much each gets.
  private mutating func addEndpoints(_ old: ServiceReport, _ new: ServiceReport) {
    func add(_ before: [EndpointShare], _ after: [EndpointShare], _ place: String) -> Bool {
      guard let words = Self.endpoints(before, after, old, new) else { return false }
      self.add(.endpointsChanged, "the endpoints of \(name) changed\(place): \(words)")
      return true
    }
    let isEverywhere = add(
      old.balancing.flatMap(\.endpoints), new.balancing.flatMap(\.endpoints), "")
    let oldChains = Dictionary(old.balancing.map { ($0.chain, $0.endpoints) }) { $1 }
    for chain in new.balancing {
      let before = oldChains[chain.chain] ?? []
      let (oldNames, newNames) = (before.map(\.text), chain.endpoints.map(\.text))
      if Set(oldNames) == Set(newNames) {
        addShares(before, chain)
      } else {
        changedChains.insert(chain.chain)
        if !isEverywhere { _ = add(before, chain.endpoints, " in \(chain.chain)") }
      }
    }
  }

  private mutating func addShares(_ old: [EndpointShare], _ chain: ServiceChainEndpoints) {
    let before = Dictionary(old.map { ($0.text, $0.share) }, uniquingKeysWith: +)
    let after = Dictionary(chain.endpoints.map { ($0.text, $0.share) }, uniquingKeysWith: +)
    // A saved file's probabilities have fewer digits than the kernel's, and old kube-proxies write five.
    let words = after.sorted { $0.key < $1.key }.compactMap { endpoint, share in
      let former = before[endpoint] ?? 0
      return abs(former - share) >= TableComparison.rounding
        ? "\(endpoint) \(Wording.percent(former)) → \(Wording.percent(share))" : nil
    }
    if words.isEmpty { return }
    unequalChains.insert(chain.chain)
    add(
      .sharesChanged,
      "the shares of \(name)'s endpoints changed in \(chain.chain): \(Wording.list(words))")
  }

  private mutating func addAddresses(_ old: ServiceReport, _ new: ServiceReport) {
    let (gone, came) = exchange(
      old.addresses.map(\.description), new.addresses.map(\.description))
    let words = gone.map { "\($0) gone" } + came.map { "\($0) new" }
    if words.isEmpty { return }
    add(.addressesChanged, "the addresses of \(name) changed: \(Wording.list(words, atMost: 6))")
  }

  private mutating func addNodePorts(_ old: ServiceReport, _ new: ServiceReport) {
    let ports = exchange(old.nodePorts, new.nodePorts)
    let gone = ports.gone.map(String.init).joined(separator: ", ")
    let came = ports.came.map(String.init).joined(separator: ", ")
    switch (gone.isEmpty, came.isEmpty) {
    case (true, true): break
    case (true, false): add(.nodePortsChanged, "\(name) has a new NodePort: \(came)")
    case (false, true): add(.nodePortsChanged, "\(name) lost its NodePort \(gone)")
    case (false, false):
      add(.nodePortsChanged, "the NodePort of \(name) changed from \(gone) to \(came)")
    }
  }

  private mutating func addAffinity(_ old: ServiceReport, _ new: ServiceReport) {
    if old.affinity == new.affinity { return }
    let seconds = new.affinity.map(String.init).joined(separator: ", ")
    let words =
      seconds.isEmpty
      ? "no longer stay with an endpoint" : "stay with an endpoint for \(seconds) seconds now"
    add(.sessionAffinityChanged, "clients of \(name) \(words) (session affinity)")
  }

  /// Adds rules that moved in the service port's own chains, where the order counts.
  private mutating func addOrders() {
    for (place, change) in chains
    where change.counts.moved > 0 && !changedChains.contains(place.chain) {
      guard case .service(let kind, _) = ChainRole(place.chain) else { continue }
      let consequence =
        switch kind {
        case .service, .local, .externalLoadBalancer:
          ": its probabilities depend on the order, and the shares "
            + (unequalChains.contains(place.chain) ? "changed" : "are as before")
        case .endpoint, .external, .firewall: ", where the order counts"
        }
      let rules = Wording.count(change.counts.moved, "rule")
      add(.serviceOrder, "\(rules) moved in \(place.chain) of \(name)\(consequence)", place)
    }
  }

  /// Adds rules that came or went and that no other finding explains. Changes of addresses, NodePorts and blocking
  /// explain rules of dispatch chains; changes of endpoints, shares and affinity explain the service port's chains.
  private mutating func addRest() {
    let kinds = Set(findings.map(\.kind))
    let explainsDispatch = !kinds.isDisjoint(
      with: [.serviceBlocked, .serviceUnblocked, .addressesChanged, .nodePortsChanged])
    let explainsEndpoints = !kinds.isDisjoint(
      with: [.endpointsChanged, .sharesChanged, .sessionAffinityChanged])
    let rest = chains.filter { place, change in
      switch ChainRole(place.chain) {
      case _ where change.counts.added + change.counts.removed == 0 || change.weight != .rules:
        false
      case .service(.external, _), .service(.firewall, _), .system, .other: true
      case .service: !explainsEndpoints
      case .dispatch: !explainsDispatch
      }
    }
    if rest.isEmpty { return }
    var counts = rest.reduce(into: ChangeCounts.zero) { $0 += $1.value.counts }
    counts.moved = 0
    let places = rest.map { Wording.place($0.key.chain, $0.key.table, .ipv4) }
    add(
      .serviceRulesChanged, "the rules of \(name) changed: \(counts.text) (\(Wording.list(places)))"
    )
  }
}

extension ServiceChange {
  /// The endpoints that only one side has: `1 gone, 2 new`; nil where both sides have the same.
  private static func endpoints(
    _ old: [EndpointShare], _ new: [EndpointShare], _ oldReport: ServiceReport,
    _ newReport: ServiceReport
  ) -> String? {
    let (emptied, filled) = (emptied(from: old, to: new), emptied(from: new, to: old))
    // A chain that translates to nothing is no other endpoint.
    let (gone, came) = exchange(
      old.filter { filled[$0.chain] == nil }.map(\.text),
      new.filter { emptied[$0.chain] == nil }.map(\.text))
    if gone.isEmpty, came.isEmpty { return nil }
    func sentences(
      _ chains: [ChainName: String], _ report: ServiceReport, _ verb: String, _ time: String
    ) -> [String] {
      chains.sorted { $0.key < $1.key }.prefix(3).map { chain, endpoint in
        let target = report.translatesToUnknown(chain) ? "an unknown destination" : "nothing"
        return "\(chain), the chain of \(endpoint), \(verb) to \(target) \(time)"
      }
    }
    return
      ([Wording.counts([(gone.count, "gone"), (came.count, "new")])]
      + sentences(emptied, newReport, "translates", "now")
      + sentences(filled, oldReport, "translated", "before")).joined(separator: "; ")
  }

  /// The chains that led to an endpoint and no longer do, with the endpoint.
  private static func emptied(
    from old: [EndpointShare], to new: [EndpointShare]
  ) -> [ChainName: String] {
    let empty = Set(
      new.lazy.filter { $0.destinations.isEmpty && $0.chainIndex != nil }.map(\.chain))
    return Dictionary(
      old.lazy.filter { !$0.destinations.isEmpty && empty.contains($0.chain) }
        .map { ($0.chain, $0.text) }, uniquingKeysWith: { first, _ in first })
  }
}

/// What only one of two lists holds.
private func exchange<Element: Comparable & Hashable>(
  _ old: [Element], _ new: [Element]
) -> (gone: [Element], came: [Element]) {
  (Set(old).subtracting(new).sorted(), Set(new).subtracting(old).sorted())
}

extension ServiceReport {
  /// What there is to say of a service port that is new.
  fileprivate var details: String {
    var parts = reached
    let endpoints = endpoints
    switch endpoints.count {
    case 0: break
    case 1: parts.append("endpoint \(endpoints[0])")
    case 2...3: parts.append("endpoints \(endpoints.joined(separator: ", "))")
    default: parts.append("\(endpoints.count) endpoints")
    }
    parts += service.blocked.sorted { $0.rawValue < $1.rawValue }.map { reason in
      "blocked\(blockedTraffic.words(reason)), it has no \(reason.lacking)"
    }
    return parts.joined(separator: ", ")
  }
}

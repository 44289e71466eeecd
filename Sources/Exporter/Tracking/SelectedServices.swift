internal import Churn
internal import Exposition
internal import KubeProxy
internal import Netfilter

/// The service ports of a family that have series of their own, with all that stays the same while
/// the rules do.
struct SelectedServices: Sendable {
  /// Indices in the map, ascending.
  let indices: [Int]
  /// The labels of each, rendered.
  let labels: [LabelSet]
  /// The changes of each since the exporter started.
  private(set) var changes: [ChangeCounts] = []
  /// How many rules of each were written again since the exporter started.
  private(set) var rewritten: [UInt64] = []
  let omittedByPattern: Int
  let omittedByLimit: Int
  /// The revisions of the ledgers that the counts come from.
  private var churnRevision: UInt64?
  private var rewriteRevision: UInt64?

  /// - Parameters:
  ///   - outcome: which of the map's service ports are selected.
  ///   - previous: what was selected before, and from which map.
  init(
    of map: ServiceMap, family: IPFamily, outcome: ServiceSelection.Outcome,
    previous: (map: ServiceMap, selected: SelectedServices)?
  ) {
    if let (formerMap, former) = previous, map.hasSamePorts(as: formerMap),
      former.indices == outcome.selected
    {
      self = former
      return
    }
    indices = outcome.selected
    omittedByPattern = outcome.omittedByPattern
    omittedByLimit = outcome.omittedByLimit
    labels = Self.labels(outcome.selected.map { map.services[$0].port }, family, previous)
  }

  /// Whether the counts are of the same revisions.
  func hasSameCounts(as other: SelectedServices) -> Bool {
    churnRevision == other.churnRevision && rewriteRevision == other.rewriteRevision
  }

  /// Brings the counts up to the ledgers, where those have changed.
  mutating func update(_ map: ServiceMap, _ family: IPFamily, from ledgers: FamilyTracker.Ledgers) {
    let churn = ledgers.churn
    let rewrites = ledgers.rewrites
    update(\.changes, map, family, from: churnRevision, churn.recentServices) {
      churn.services[$0]
    }
    churnRevision = churn.revision
    update(\.rewritten, map, family, from: rewriteRevision, rewrites.recentServices) {
      rewrites.services[$0] ?? 0
    }
    rewriteRevision = rewrites.revision
  }

  /// Brings one count of each service port up to date: of those that changed since `revision`, if it
  /// is known which these are.
  private mutating func update<Count>(
    _ counts: WritableKeyPath<SelectedServices, [Count]>, _ map: ServiceMap, _ family: IPFamily,
    from revision: UInt64?, _ recent: RecentChanges<ChurnLedger.ServiceKey>,
    count: (ChurnLedger.ServiceKey) -> Count
  ) {
    if let revision, revision >= recent.start {
      for key in recent.keys where key.family == family {
        guard let position = position(of: key.port, in: map) else { continue }
        self[keyPath: counts][position] = count(key)
      }
    } else {
      self[keyPath: counts] = indices.map {
        count(ChurnLedger.ServiceKey(family: family, port: map.services[$0].port))
      }
    }
  }

  /// Where a service port stands among the selected, which are sorted; nil where it isn't one of them.
  private func position(of port: ServicePort, in map: ServiceMap) -> Int? {
    var (low, high) = (0, indices.count)
    while low < high {
      let middle = (low + high) / 2
      if map.services[indices[middle]].port < port { low = middle + 1 } else { high = middle }
    }
    return low < indices.count && map.services[indices[low]].port == port ? low : nil
  }

  /// The labels of sorted service ports; those that were rendered before are used again.
  private static func labels(
    _ ports: [ServicePort], _ family: IPFamily,
    _ previous: (map: ServiceMap, selected: SelectedServices)?
  ) -> [LabelSet] {
    var known = zip(previous?.selected.indices ?? [], previous?.selected.labels ?? [])
      .makeIterator()
    var next = known.next()
    return ports.map { port in
      while let candidate = next, let services = previous?.map.services,
        services[candidate.0].port != port, services[candidate.0].port < port
      {
        next = known.next()
      }
      if let candidate = next, previous?.map.services[candidate.0].port == port {
        next = known.next()
        return candidate.1
      }
      return labels(family, port)
    }
  }

  private static func labels(_ family: IPFamily, _ port: ServicePort) -> LabelSet {
    LabelSet([
      "ip_family": family.rawValue, "service_namespace": port.namespace,
      "service_name": port.name, "service_port": port.port, "protocol": port.transport.rawValue,
    ])
  }
}

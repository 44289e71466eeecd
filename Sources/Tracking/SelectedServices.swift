package import Churn
package import Exposition
package import KubeProxy
internal import Netfilter

/// The service ports of a family that have series of their own, with all that stays the same while
/// the rules do.
package struct SelectedServices: Sendable {
  /// Indices in the map, ascending.
  package let indices: [Int]
  /// The labels of each, rendered.
  package let labels: [LabelSet]
  /// The changes of each since the exporter started.
  package private(set) var changes: [ChangeCounts] = []
  /// For each block, the ledger's revision in which ``changes`` of one of its service ports changed.
  package private(set) var changesRevisions: [UInt64] = []
  /// How many rules of each were written again since the exporter started.
  package private(set) var rewritten: [UInt64] = []
  /// For each block, the ledger's revision in which ``rewritten`` of one of its service ports changed.
  package private(set) var rewrittenRevisions: [UInt64] = []
  package let omittedByPattern: Int
  package let omittedByLimit: Int
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

  /// So many service ports are a block: what is rendered again where a count of one of them changed.
  static let blockSize = 512

  /// The positions of each block's service ports.
  package var blocks: [Range<Int>] {
    stride(from: 0, to: indices.count, by: Self.blockSize).map {
      $0..<min(indices.count, $0 + Self.blockSize)
    }
  }

  /// Brings the counts up to the ledgers, where those have changed.
  mutating func update(_ map: ServiceMap, _ family: IPFamily, from ledgers: FamilyTracker.Ledgers) {
    let churn = ledgers.churn
    let rewrites = ledgers.rewrites
    let changed = update(&changes, map, family, since: churnRevision, churn.recentServices) {
      churn.services[$0]
    }
    note(changed, of: churn.revision, in: &changesRevisions)
    churnRevision = churn.revision
    let again = update(&rewritten, map, family, since: rewriteRevision, rewrites.recentServices) {
      rewrites.services[$0] ?? 0
    }
    note(again, of: rewrites.revision, in: &rewrittenRevisions)
    rewriteRevision = rewrites.revision
  }

  /// Brings one count of each service port up to date: of those that changed since `revision`, if it
  /// is known which these are.
  ///
  /// - Returns: the positions at which it changed; nil where that isn't known.
  private func update<Count: Equatable>(
    _ counts: inout [Count], _ map: ServiceMap, _ family: IPFamily, since revision: UInt64?,
    _ recent: RecentChanges<ChurnLedger.ServiceKey>, count: (ChurnLedger.ServiceKey) -> Count
  ) -> [Int]? {
    guard let revision, revision >= recent.start else {
      counts = indices.map {
        count(ChurnLedger.ServiceKey(family: family, port: map.services[$0].port))
      }
      return nil
    }
    var changed: [Int] = []
    for key in recent.keys where key.family == family {
      guard let position = position(of: key.port, in: map) else { continue }
      let new = count(key)
      if counts[position] == new { continue }
      counts[position] = new
      changed.append(position)
    }
    return changed
  }

  /// Notes the revision in which counts changed, of all blocks or of those that are concerned.
  private func note(_ positions: [Int]?, of revision: UInt64, in revisions: inout [UInt64]) {
    guard let positions else {
      revisions = Array(repeating: revision, count: blocks.count)
      return
    }
    for position in positions { revisions[position / Self.blockSize] = revision }
  }

  /// Where a service port stands among the selected, which are sorted; nil where it isn't one of them.
  package func position(of port: ServicePort, in map: ServiceMap) -> Int? {
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

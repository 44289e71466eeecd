internal import Churn
package import Exposition
internal import KubeProxy
package import Netfilter

/// The service ports of a family that have series of their own. When they change, there is a new object.
package final class SelectedServices: Sendable {
  /// Indices in the map, ascending.
  package let indices: [Int]
  /// The labels of each, rendered.
  package let labels: [LabelSet]
  package let omittedByPattern: Int
  package let omittedByLimit: Int
  /// When the counters of each began, in seconds since 1970; empty where nobody wants to know.
  private let beginnings: [Double]

  /// - Parameter previous: What was selected before, and from which map.
  init(
    of map: ServiceMap, family: IPFamily, outcome: ServiceSelection.Outcome,
    beginnings: [Double], previous: (map: ServiceMap, selected: SelectedServices)?
  ) {
    indices = outcome.selected
    omittedByPattern = outcome.omittedByPattern
    omittedByLimit = outcome.omittedByLimit
    self.beginnings = beginnings
    labels = Self.labels(outcome.selected.map { map.services[$0].port }, family, previous)
  }

  /// When the counters of the service port at a position began, in seconds since 1970; nil where nobody
  /// wants to know.
  package func beginning(at position: Int) -> Double? {
    beginnings.isEmpty ? nil : beginnings[position]
  }

  /// So many service ports are a block: what is rendered again where a count of one of them changed.
  static let blockSize = 512

  package var blocks: [Range<Int>] {
    stride(from: 0, to: indices.count, by: Self.blockSize).map {
      $0..<min(indices.count, $0 + Self.blockSize)
    }
  }

  /// The positions, among the selected, of the service ports whose totals changed since a mark. Positions of
  /// others may be among them. Nil where it isn't known which changed.
  func positions<Count>(
    changedIn totals: RunningTotals<ChurnLedger.ServiceKey, Count>,
    since mark: RunningTotals<ChurnLedger.ServiceKey, Count>.Mark, _ map: ServiceMap,
    _ family: IPFamily
  ) -> [Int]? {
    guard let keys = totals.changedKeys(since: mark) else { return nil }
    // To look so many up costs more than to look at all.
    if keys.count > indices.count / 4 { return Array(indices.indices) }
    return keys.lazy.filter { $0.family == family }.compactMap { key in
      indices.indices.sortedIndex(of: key.port) { map.services[indices[$0]].port }
    }
  }

  /// The labels of sorted service ports; those that were rendered before are used again.
  private static func labels(
    _ ports: [ServicePort], _ family: IPFamily,
    _ previous: (map: ServiceMap, selected: SelectedServices)?
  ) -> [LabelSet] {
    let (map, known) = (previous?.map, previous?.selected)
    let former = known?.indices.compactMap { map?.services[$0].port } ?? []
    return zip(ports, ports.positions(in: former)).map { port, position in
      if let index = position.index, let known { return known.labels[index] }
      return LabelSet([
        "ip_family": family.rawValue, "service_namespace": port.namespace,
        "service_name": port.name, "service_port": port.port,
        "protocol": port.transport.rawValue,
      ])
    }
  }
}

extension [ServicePort] {
  /// For each of sorted service ports, where it stands among others; none where it doesn't.
  func positions(in others: [ServicePort]) -> [OptionalIndex] {
    var position = 0
    return map { port in
      while position < others.count, others[position] != port, others[position] < port {
        position += 1
      }
      let isThere = position < others.count && others[position] == port
      return OptionalIndex(isThere ? position : nil)
    }
  }
}

/// Stands for the gauges of the selected service ports: when one of them changes, there is a new object. The
/// values themselves are in the map, because a copy would cost memory.
package final class ServiceGauges: Sendable {
  package let selected: SelectedServices
  /// The tables that were read.
  package let tables: Set<TableName>

  init(selected: SelectedServices, tables: Set<TableName>) {
    self.selected = selected
    self.tables = tables
  }
}

/// A total of each of the selected service ports, in blocks.
package struct ServiceCounts<Count: Hashable & Sendable>: Sendable {
  /// The counts of a block. When one of them changes, there is a new object.
  package final class Block: Sendable {
    fileprivate let counts: [Count]

    fileprivate init(_ counts: [Count]) { self.counts = counts }
  }

  package private(set) var blocks: [Block] = []
  /// The mark of the totals that the counts were taken from.
  private var mark: RunningTotals<ChurnLedger.ServiceKey, Count>.Mark?

  /// The count of the service port at a position among the selected.
  package subscript(position: Int) -> Count {
    blocks[position / SelectedServices.blockSize].counts[position % SelectedServices.blockSize]
  }

  /// Updates the counts from the totals. The selection must be the same each time.
  mutating func update(
    _ selected: SelectedServices, _ map: ServiceMap, _ family: IPFamily,
    from totals: RunningTotals<ChurnLedger.ServiceKey, Count>
  ) {
    defer { mark = totals.mark }
    func count(_ position: Int) -> Count {
      let port = map.services[selected.indices[position]].port
      return totals[ChurnLedger.ServiceKey(family: family, port: port)]
    }
    guard let mark,
      let positions = selected.positions(changedIn: totals, since: mark, map, family)
    else {
      blocks = selected.blocks.map { Block($0.map(count)) }
      return
    }
    var changed: [Int: [Count]] = [:]
    for position in positions {
      let new = count(position)
      if new == self[position] { continue }
      let (block, offset) = position.quotientAndRemainder(dividingBy: SelectedServices.blockSize)
      changed[block, default: blocks[block].counts][offset] = new
    }
    for (block, counts) in changed { blocks[block] = Block(counts) }
  }
}

extension RulesetState {
  /// How many rules of each service port were moved since a scrape, by family and position among the selected;
  /// of those of which any were.
  ///
  /// - Parameter earlier: The totals at that scrape; nil where there was none: then nothing was missed.
  package func movedRules(since earlier: ChurnMark?) -> [IPFamily: [Int: UInt64]] {
    guard let earlier, earlier !== mark else { return [:] }
    var counts: [IPFamily: [Int: UInt64]] = [:]
    for services in services {
      let selected = services.selected
      let positions = selected.positions(
        changedIn: ledger.services, since: earlier.services, services.map, services.family)
      for position in positions ?? [] {
        let port = services.map.services[selected.indices[position]].port
        let key = ChurnLedger.ServiceKey(family: services.family, port: port)
        let moved = ledger.services.changes(since: earlier.services, for: key).moved
        if moved > 0 { counts[services.family, default: [:]][position] = moved }
      }
    }
    return counts
  }
}

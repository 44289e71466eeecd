/// The service ports of a reading, sorted, and where each of them stood in the registry.
struct ServiceRanking {
  /// For each service port, its index in the registry.
  let order: [Int32]
  /// For each, its index in the map before; -1 where it is new.
  let formerPositions: [Int32]
  /// For each service port of the registry, its index here; -1 where no rule names it any more.
  let ranks: [Int32]
  /// For each, where it was found.
  let standings: [ServiceStanding]
  /// Whose name the hashes of chains are proven to be of.
  let identities: [ChainHash: WrittenName]
  /// Whether the service ports are those of the map before.
  let isSame: Bool

  init(_ registry: ServiceRegistry) {
    let former = registry.former
    order = Self.sorted(registry)
    isSame = registry.added.isEmpty && order.count == former.count
    var ranks = [Int32](repeating: -1, count: registry.standings.count)
    for (rank, index) in order.enumerated() { ranks[Int(index)] = Int32(rank) }
    self.ranks = ranks
    formerPositions = order.map { $0 < former.count ? $0 : -1 }
    standings = order.map { registry.standings[Int($0)] }
    identities = Self.identities(registry, ranks, isSame: isSame)
  }

  /// Where a proven name stands here; nil where it isn't proven any more.
  func name(_ name: WrittenName, in registry: ServiceRegistry) -> WrittenName? {
    guard registry.isProven(name) else { return nil }
    return Self.name(name, ranks)
  }

  private static func name(_ name: WrittenName, _ ranks: [Int32]) -> WrittenName {
    WrittenName(service: ranks[Int(name.service)], endsInColon: name.endsInColon)
  }

  /// The indices of the registry's service ports that rules name, sorted by service port.
  private static func sorted(_ registry: ServiceRegistry) -> [Int32] {
    let former = registry.former
    let added = registry.added.indices.filter {
      registry.standings[former.count + $0] != .absent
    }.sorted { registry.added[$0] < registry.added[$1] }
    var order: [Int32] = []
    order.reserveCapacity(registry.standings.count)
    var rest = added[...]
    for index in former.indices where registry.standings[index] != .absent {
      while let next = rest.first, registry.added[next] < former[index].port {
        order.append(Int32(former.count + next))
        rest.removeFirst()
      }
      order.append(Int32(index))
    }
    for next in rest { order.append(Int32(former.count + next)) }
    return order
  }

  private static func identities(
    _ registry: ServiceRegistry, _ ranks: [Int32], isSame: Bool
  ) -> [ChainHash: WrittenName] {
    if isSame, registry.isProven.count(where: \.self) == registry.identities.count {
      return registry.identities
    }
    return registry.identities.compactMapValues { name in
      registry.isProven(name) ? Self.name(name, ranks) : nil
    }
  }
}

public import KubeProxy
public import Netfilter
internal import Platform

/// The faults of one reading of a family, in the rules that kube-proxy and the kubelet write; of others'
/// rules nothing is said.
///
/// Most of it is known of a chain by its own rules. So after a change only chains that differ are looked
/// at again.
public struct Inspection: Sendable {
  /// Sorted by kind, table and chain.
  public let findings: [Finding]
  private let map: ServiceMap
  private let tables: [TableContent]
  private let mode: KubeProxyMode
  /// By position in nat.
  private let chainFaults: [Int: ChainFaults]
  private let natFindings: [Finding]
  private let filterFindings: [Finding]

  /// Inspects a reading.
  ///
  /// - Parameters:
  ///   - snapshot: the tables that were read; nat, filter and mangle are looked at, where they are there.
  ///   - map: the service ports of its nat and filter.
  ///   - mode: kube-proxy's, on this node.
  ///   - previous: that of an earlier reading; what did not change since is taken over.
  public init(
    of snapshot: FamilySnapshot, map: ServiceMap, mode: KubeProxyMode, previous: Inspection? = nil
  ) {
    let tables = snapshot.tables.map(\.content)
    if let previous, previous.isOf(tables, map, mode) {
      self = previous
      return
    }
    self.map = map
    self.tables = tables
    self.mode = mode
    let nat = snapshot.table(.nat)?.content
    let filter = snapshot.table(.filter)?.content
    if let previous, previous.map === map {
      // The map is made of both tables, so neither is another.
      chainFaults = previous.chainFaults
      natFindings = previous.natFindings
      filterFindings = previous.filterFindings
    } else {
      let faults = nat.map { Self.faults(in: $0, map, previous) } ?? [:]
      chainFaults = faults
      // What depends on other chains too, or on whose rules are, is looked at again with every map.
      natFindings = nat.map { NatFindings($0, map, faults).all + TableFindings.hooks(in: $0) } ?? []
      filterFindings = filter.map { FilterFindings.find(in: $0, map) } ?? []
    }
    let tableFindings = TableFindings.canaries(in: tables) + TableFindings.ghosts(in: tables, mode)
    let others = natFindings + filterFindings + tableFindings
    let walkFindings = WalkFindings(snapshot, map, mode)?.all ?? []
    findings = (others + walkFindings.filter { !$0.isConsequence(of: others) })
      .sorted { $0.rank < $1.rank }
  }

  /// Whether both are of the same rules and mode, which nobody had to look at again.
  public func isOfSameRules(as other: Inspection) -> Bool {
    isOf(other.tables, other.map, other.mode)
  }

  private func isOf(_ tables: [TableContent], _ map: ServiceMap, _ mode: KubeProxyMode) -> Bool {
    self.map === map && self.mode == mode && self.tables.count == tables.count
      && zip(self.tables, tables).allSatisfy { $0 === $1 }
  }

  /// What is wrong with each chain of nat, by its own rules alone.
  private static func faults(
    in nat: TableContent, _ map: ServiceMap, _ previous: Inspection?
  ) -> [Int: ChainFaults] {
    var faults: [Int: ChainFaults] = [:]
    let pairing = ChainPairing(from: previous?.tables.first { $0.name == .nat }, to: nat)
    if let former = previous?.chainFaults, !former.isEmpty {
      for index in nat.chains.indices {
        if let position = pairing.unchanged(index) { faults[index] = former[position] }
      }
    }
    let looked = pairing.changed
    let found = Parallel.mapPieces(of: looked.count) {
    } _: { piece, _ in
      looked[piece].map { ChainFaults(ofChainAt: $0, in: nat, map) }
    }
    for (index, fault) in zip(looked, found.joined()) { faults[index] = fault }
    return faults
  }
}

extension Finding {
  /// Whether packets don't arrive because of what has been found already: the same rule, or, where a policy
  /// drops them, a jump that is missing in the table.
  fileprivate func isConsequence(of others: [Finding]) -> Bool {
    if rules.isEmpty {
      return others.contains { $0.anomaly == .hookJumpMissing && $0.table == table }
    }
    return others.contains { other in rules.contains { other.isAbout($0) } }
  }

  private func isAbout(_ rule: RulePlace) -> Bool { rules.contains { $0.isSame(as: rule) } }

  /// What findings are sorted by.
  fileprivate var rank: (Int, TableName, ChainName, Int) {
    (anomaly.rank, table, chains.first ?? "", rules.first?.position ?? 0)
  }
}

extension Anomaly {
  fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

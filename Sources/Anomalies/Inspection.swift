public import KubeProxy
public import Netfilter
internal import Platform

/// The faults of one reading of a family, in the rules that kube-proxy and the kubelet write, and a few in
/// those of other agents that serve pods.
///
/// Most of it is known of a chain by its own rules. So after a change only chains that differ are looked
/// at again.
public struct Inspection: Sendable {
  /// Sorted by kind, table and chain.
  public let findings: [Finding]
  private let map: ServiceMap
  private let tables: [TableContent]
  private let mode: KubeProxyMode
  private let natFindings: [Finding]
  private let filterFindings: [Finding]
  /// Of each table what is found in it by itself, whatever it means.
  private let tableJudgements: [TableJudgement]
  /// The tables of the backend that kube-proxy doesn't use, and what they come to.
  private let other: (tables: [TableContent], finding: Finding?)
  /// What a dump says of tables that are not in it.
  private let incompatibleTables: [TableName: Incompatibility]

  /// Inspects a reading.
  ///
  /// - Parameters:
  ///   - snapshot: the tables that were read; nat, filter, mangle and raw are looked at, where they are there.
  ///   - map: the service ports of its nat and filter.
  ///   - mode: kube-proxy's, on this node.
  ///   - other: the family's tables in the backend that kube-proxy doesn't use; nil where there are none.
  ///   - previous: that of an earlier reading; what did not change since is taken over.
  public init(
    of snapshot: FamilySnapshot, map: ServiceMap, mode: KubeProxyMode,
    beside other: FamilySnapshot? = nil,
    previous: Inspection? = nil
  ) {
    let tables = snapshot.tables.map(\.content)
    let others = other?.tables.map(\.content) ?? []
    if let previous, previous.isOf(tables, map, mode, others),
      previous.incompatibleTables == snapshot.incompatibleTables
    {
      self = previous
      return
    }
    self.map = map
    self.tables = tables
    self.mode = mode
    incompatibleTables = snapshot.incompatibleTables
    let judgements = tables.map { content in
      TableJudgement(
        content, map, isNFT: snapshot.backend == .nft,
        previous: previous?.tableJudgements.first { $0.content.name == content.name })
    }
    tableJudgements = judgements
    if let previous, previous.map === map, previous.mode.servesElsewhere == mode.servesElsewhere {
      // The map is made of both tables, so neither is another.
      natFindings = previous.natFindings
      filterFindings = previous.filterFindings
    } else {
      // What depends on other chains too, or on whose rules are, is looked at again with every map.
      let judge = { (content: TableContent, found: [Finding]) in
        let found = found + TableFindings.hooks(in: content)
        // Where another mode serves, rules are left over, and need not be whole.
        if mode.servesElsewhere { return found }
        return LostRules.causes(
          in: content, beside: snapshot.table(.filter)?.content, map,
          of: found + Plumbing.findings(in: content))
      }
      natFindings =
        judgements.first { $0.content.name == .nat }.map { nat in
          let faults = nat.chains.compactMapValues(\.faults)
          let found = NatFindings(nat.content, map, faults, isServing: !mode.servesElsewhere)
          return judge(nat.content, found.all)
        } ?? []
      filterFindings =
        snapshot.table(.filter).map { judge($0.content, FilterFindings.find(in: $0.content, map)) }
        ?? []
    }
    let known = previous?.isBeside(others) == true ? previous?.other.finding : nil
    let mixed = other.flatMap { MixedBackends.finding(snapshot, beside: $0, known: known) }
    self.other = (others, mixed)
    let refused = snapshot.incompatibleTables.map {
      IncompatibleTable.finding(snapshot.family, $0.key, $0.value)
    }
    let tableFindings =
      TableFindings.canaries(in: tables) + TableFindings.ghosts(in: tables, mode)
      + NodeLocalDNS.findings(in: tables) + tableJudgements.flatMap(\.findings) + refused
    let structural = natFindings + filterFindings + tableFindings + [mixed].compactMap(\.self)
    let walks = WalkFindings(snapshot, map, mode)?.all ?? []
    findings = (structural + walks.filter { !$0.isConsequence(of: structural) })
      .sorted { $0.rank < $1.rank }
  }

  /// Whether both are of the same rules and mode, which nobody had to look at again.
  public func isOfSameRules(as other: Inspection) -> Bool {
    isOf(other.tables, other.map, other.mode, other.other.tables)
      && incompatibleTables == other.incompatibleTables
  }

  private func isOf(
    _ tables: [TableContent], _ map: ServiceMap, _ mode: KubeProxyMode, _ others: [TableContent]
  ) -> Bool {
    self.map === map && self.mode == mode && Self.areSame(self.tables, tables) && isBeside(others)
  }

  private func isBeside(_ others: [TableContent]) -> Bool { Self.areSame(other.tables, others) }

  private static func areSame(_ left: [TableContent], _ right: [TableContent]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { $0 === $1 }
  }
}

/// What is wrong with a table, whoever wrote into it; made again only where the table changed.
private struct TableJudgement {
  let content: TableContent
  /// What is found in a chain by its own name and rules, by its position.
  let chains: [Int: ChainJudgement]
  let findings: [Finding]
  private let isNFT: Bool

  /// - Parameters:
  ///   - map: The service ports, if the table is nat.
  ///   - isNFT: Whether it is one of nf_tables'.
  ///   - previous: That of an earlier reading. Chains that did not change are not looked at again.
  init(_ content: TableContent, _ map: ServiceMap, isNFT: Bool, previous: TableJudgement?) {
    if let previous, previous.content === content {
      self = previous
      return
    }
    self.content = content
    self.isNFT = isNFT
    let known = previous.flatMap { $0.isNFT == isNFT ? $0 : nil }
    let pairing = ChainPairing(from: known?.content, to: content)
    var chains: [Int: ChainJudgement] = [:]
    if let known, !known.chains.isEmpty {
      for index in content.chains.indices {
        if let position = pairing.unchanged(index) { chains[index] = known.chains[position] }
      }
    }
    let looked = pairing.changed
    let found = Parallel.mapPieces(of: looked.count) {
    } _: { piece, _ in
      looked[piece].map { ChainJudgement(ofChainAt: $0, in: content, map, isNFT: isNFT) }
    }
    for (index, judgement) in zip(looked, found.joined()) { chains[index] = judgement }
    self.chains = chains
    // nat's are found with what is known of its chains; so are its jumps, and filter's.
    let loops =
      content.name == .nat
      ? [] : ChainLoops(content: content, graph: ChainGraph(of: content)).findings
    let jumps = [.nat, .filter].contains(content.name) ? [] : TableFindings.hooks(in: content)
    let natives = isNFT ? IncompatibleTable.finding(in: content, chains.mapValues(\.natives)) : nil
    findings = loops + jumps + [natives].compactMap(\.self)
  }
}

/// What is found in a chain by its own name and rules.
private struct ChainJudgement {
  /// In nat alone.
  let faults: ChainFaults?
  /// The positions of the rules that iptables can't have written.
  let natives: [Int]

  /// Nil where nothing is found.
  init?(ofChainAt index: Int, in content: TableContent, _ map: ServiceMap, isNFT: Bool) {
    faults = content.name == .nat ? ChainFaults(ofChainAt: index, in: content, map) : nil
    natives = isNFT ? IncompatibleTable.nativeRules(ofChainAt: index, in: content) : []
    if faults == nil, natives.isEmpty { return nil }
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

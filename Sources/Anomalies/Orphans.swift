internal import KubeProxy
internal import Netfilter

/// Service ports' and endpoints' chains that nothing leads to, but others of them: in trees, for one is
/// what is left of one service port or endpoint.
struct Orphans {
  /// For each chain of nat.
  let isOrphan: [Bool]
  private let nat: TableContent
  private let map: ServiceMap
  /// Each tree's chains, the one that nothing leads to first; nil where it is reported elsewhere.
  private var trees: [[Int]?] = []
  /// The trees of each service port.
  private lazy var owners: [Owner?: [Int]] = Dictionary(
    grouping: trees.indices, by: owner(ofTreeAt:))

  /// Whose a tree is, by its first chain.
  private enum Owner: Hashable {
    /// The service port with that hash.
    case hash(ChainHash)
    /// The one that an endpoint's comments claim and its name proves.
    case servicePort(ServicePort)
  }

  init(_ nat: TableContent, _ map: ServiceMap) {
    self.nat = nat
    self.map = map
    let orphans = map.orphanPositions.map(Int.init)
    var isOrphan = [Bool](repeating: false, count: nat.chains.count)
    for chain in orphans { isOrphan[chain] = true }
    self.isOrphan = isOrphan
    var isRoot = isOrphan
    for chain in orphans {
      for target in map.graph[chain] where target != chain { isRoot[Int(target)] = false }
    }
    var isTaken = isOrphan.map { !$0 }
    // Those in a circle have no root.
    for root in orphans.filter({ isRoot[$0] }) + orphans where !isTaken[root] {
      trees.append(map.graph.reach(from: [root], &isTaken))
    }
  }

  /// The orphans that are a consequence of what is wrong with a chain: those of the same service port.
  /// They are not reported again.
  mutating func takeConsequences(ofChainAt chain: Int) -> [ChainName] {
    guard !trees.isEmpty, case .service(_, let hash) = ChainRole(nat.chains[chain].name) else {
      return []
    }
    let known = map.servicePort(ofChainAt: chain).flatMap { owners[.servicePort($0)] } ?? []
    var taken: [ChainName] = []
    for index in (owners[.hash(hash)] ?? []) + known {
      taken += trees[index]?.map { nat.chains[$0].name } ?? []
      trees[index] = nil
    }
    return taken
  }

  private func owner(ofTreeAt index: Int) -> Owner? {
    guard let root = trees[index]?.first else { return nil }
    return ChainRole(nat.chains[root].name).servicePortHash.map(Owner.hash)
      ?? map.claimedServicePort(ofChainAt: root).map(Owner.servicePort)
  }

  /// Whether kube-proxy may have left chains behind: in clusters of so many endpoints it doesn't delete them at
  /// each sync. The API server's are never among them, for its service is never deleted.
  private var mayBeLeft: Bool { map.connectionRules.count >= 1000 }

  /// - Parameter isServing: whether kube-proxy serves by iptables' rules.
  func findings(isServing: Bool) -> [Finding] {
    trees.compactMap { tree in
      guard let tree, let root = tree.first else { return nil }
      let rest = tree.count == 1 ? "" : ", and so nothing comes to \(tree.count - 1) behind it"
      let port = map.claimedServicePort(ofChainAt: root)
      let isMissed =
        isServing && (port?.isAPIServer == true || port != nil && !mayBeLeft)
        && tree.contains { ChainRole(nat.chains[$0].name).isClusterWide }
      return Finding(
        isMissed ? .clusterIPMissing : .orphanChain, in: nat,
        chains: tree.map { nat.chains[$0].name },
        rules: tree.flatMap { nat.places(nat.chains[$0].rules.indices, in: $0) }, servicePort: port,
        "no rule leads to \(nat.chains[root].name)\(rest)")
    }
  }
}

extension ChainRole {
  /// Whether it is the chain that a service port's cluster IP leads to.
  fileprivate var isClusterWide: Bool {
    if case .service(.service, _) = self { true } else { false }
  }
}

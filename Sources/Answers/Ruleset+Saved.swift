internal import Netfilter

extension Ruleset {
  /// The rule set as iptables-save prints it: to be compared with a file.
  ///
  /// A table of nf_tables has all of its built-in chains: iptables-nft makes them when they are needed,
  /// and prints them all the same.
  public var asSaved: Ruleset {
    Ruleset(name: name, families: families.map(\.asSaved), mode: mode, isKernel: isKernel)
  }
}

extension FamilySnapshot {
  fileprivate var asSaved: FamilySnapshot {
    FamilySnapshot(
      backend: backend, family: family, tables: tables.map { $0.asSaved(backend) },
      absentTables: absentTables)
  }
}

extension TableSnapshot {
  fileprivate func asSaved(_ backend: Backend) -> TableSnapshot {
    let missing = backend == .nft ? missingChains : []
    let chains =
      missing.map { Chain(name: $0, policy: .accept) }
      + content.chains
    return TableSnapshot(
      content: TableContent(family: family, name: name, chains: chains), counters: counters,
      policyCounters: missing.map { _ in Counter() } + policyCounters, size: size,
      handles: handles)
  }

  /// Those of iptables' built-in chains that the table lacks.
  private var missingChains: [ChainName] {
    name.builtInChains.filter { name in !content.chains.contains { $0.name == name } }
  }
}

extension TableName {
  /// C counterpart: `xtables_ipv4` in iptables' `nft.c`.
  fileprivate var builtInChains: [ChainName] {
    switch self {
    case .raw: ["PREROUTING", "OUTPUT"]
    case .mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
    case .nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]
    case .filter, .security: ["INPUT", "FORWARD", "OUTPUT"]
    }
  }
}

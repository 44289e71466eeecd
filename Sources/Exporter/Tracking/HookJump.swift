internal import KubeProxy
internal import Netfilter

/// Where a built-in chain leads to kube-proxy's services.
struct HookJump: Sendable {
  let table: TableName
  let chain: ChainName
  /// The position of the first rule that leads there, counted from 1; 0 where none does.
  let position: Int

  /// Those of a family's tables that have a chain KUBE-SERVICES, of the built-in chains that kube-proxy
  /// hooks into.
  static func all(in snapshot: FamilySnapshot) -> [HookJump] {
    let tables = snapshot.tables.filter { table in
      // By index: a copy of each chain would touch its rules' storage.
      table.content.chains.indices.contains { table.content.chains[$0].name == .kubeServices }
    }
    return Hook.services.compactMap { hook in
      guard let content = tables.first(where: { $0.name == hook.table })?.content,
        let chain = content.chains.prefix(content.builtInCount).first(where: {
          $0.name == hook.chain
        })
      else { return nil }
      let index = chain.rules.indices.first { chain.rules.outcome(at: $0) == .chain(hook.target) }
      return HookJump(table: hook.table, chain: hook.chain, position: index.map { $0 + 1 } ?? 0)
    }
  }
}

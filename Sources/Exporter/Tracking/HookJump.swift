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
    hooks.flatMap { table, chains -> [HookJump] in
      guard let content = snapshot.table(table)?.content,
        // By index: a copy of each chain would touch its rules' storage.
        content.chains.indices.contains(where: { content.chains[$0].name == .kubeServices })
      else { return [] }
      return chains.compactMap { name in
        guard
          let chain = content.chains.prefix(content.builtInCount).first(where: { $0.name == name })
        else {
          return nil
        }
        let index = chain.rules.indices.first {
          chain.rules.outcome(at: $0) == .chain(.kubeServices)
        }
        return HookJump(table: table, chain: name, position: index.map { $0 + 1 } ?? 0)
      }
    }
  }

  private static let hooks: [(TableName, [ChainName])] = [
    (.filter, ["FORWARD", "OUTPUT"]), (.nat, ["PREROUTING", "OUTPUT"]),
  ]
}

extension Ruleset {
  /// The change that makes one service look like another state of itself, to be restored with
  /// `--noflush`: its own chains are written again, and those of endpoints that are gone deleted.
  public func update(from old: Service, to new: Service) -> String {
    let change = serviceChange(from: old, to: new)
    return Self.table("nat", change.chains, ending: change.deletions)
  }

  /// The same change as kube-proxy's partial sync writes it since 1.27: besides the service's own
  /// chains, those that dispatch to all services are written again, in another random order.
  ///
  /// - Parameter seed: the same seed gives the same order.
  public func partialSync(from old: Service, to new: Service, seed: UInt64) -> String {
    let dispatch = plumbing(of: cluster.reordered(seed: seed))
      .filter { Plumbing.rewrittenBySync.contains($0.name) }
    let change = serviceChange(from: old, to: new)
    return Self.table("nat", dispatch + change.chains, ending: change.deletions)
  }

  private func serviceChange(
    from old: Service, to new: Service
  ) -> (chains: [Chain], deletions: String) {
    let written = chains(new).all
    let kept = Set(written.map(\.name))
    let gone = chains(old).all.filter { !kept.contains($0.name) }
    // A chain can be deleted once it is empty and nothing jumps to it any more.
    let emptied = gone.map { Chain(name: $0.name) }
    return (written + emptied, gone.map { "-X \($0.name)\n" }.joined())
  }
}

internal import Harness
internal import RulesetGenerator

/// A generated rule set that is loaded into the kernel, and can be changed there.
struct KernelRuleset: ~Copyable {
  /// What is written when the service in the middle goes back and forth between its two states.
  enum Change {
    /// The service's own chains.
    case service
    /// Those and, in another order, the chains that dispatch to all services: as kube-proxy does it.
    case sync
  }

  /// How many service ports it has.
  let services: Int
  /// What its nat table holds.
  let totals: TableTotals

  private let backend: Backend
  private let ruleset: Ruleset
  private var state: Service
  private var otherState: Service
  private var syncs: UInt64 = 0

  /// Replaces whatever rules the namespace has in the backend.
  ///
  /// - Parameter otherState: the other state of a cluster's service at an index.
  init(
    _ backend: Backend, size: RulesetSize, seed: UInt64, otherState: (Cluster, Int) -> Service
  ) throws {
    let cluster = Cluster(
      services: size.services, endpoints: size.endpoints, family: .ipv4, seed: seed)
    let changing = cluster.services.count / 2
    self.backend = backend
    ruleset = Ruleset(cluster: cluster, comments: true)
    services = cluster.services.count
    totals = ruleset.natTotals
    state = cluster.services[changing]
    self.otherState = otherState(cluster, changing)
    try backend.restore(MemoryFile(ruleset.restoreText), .ipv4)
  }

  /// Gives one service its other state.
  mutating func changeOneService(_ change: Change = .service) throws {
    let text: String
    switch change {
    case .service:
      text = ruleset.update(from: state, to: otherState)
    case .sync:
      syncs += 1
      text = ruleset.partialSync(from: state, to: otherState, seed: syncs)
    }
    try backend.restore(MemoryFile(text), .ipv4, ["--noflush"])
    (state, otherState) = (otherState, state)
  }
}

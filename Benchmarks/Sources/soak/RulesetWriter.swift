internal import Harness
internal import RulesetGenerator

/// Rewrites the rules of both families in one backend, as fast as it can.
struct RulesetWriter: Sendable {
  let backend: Backend
  /// What was written, for those who compare.
  let histories: [AddressFamily: RulesetHistory]

  private let rewrites: [AddressFamily: [Rewrite]]

  /// - Parameter sizes: the clusters that take turns.
  init(_ backend: Backend, sizes: [(services: Int, endpoints: Int)], seed: UInt64) throws {
    self.backend = backend
    var rewrites: [AddressFamily: [Rewrite]] = [:]
    var histories: [AddressFamily: RulesetHistory] = [:]
    for family in AddressFamily.allCases {
      let clusters = sizes.enumerated().map { index, size in
        Cluster(
          services: size.services, endpoints: size.endpoints, family: family,
          seed: seed &+ UInt64(index))
      }
      rewrites[family] = try Rewrite.cycle(clusters)
      histories[family] = RulesetHistory()
    }
    self.rewrites = rewrites
    self.histories = histories
  }

  /// Writes the first rule set of each family.
  func begin() throws {
    for family in AddressFamily.allCases {
      try write(family, round: 0)
    }
  }

  /// Writes until the time is over.
  func run(until deadline: ContinuousClock.Instant, _ record: SoakRecord) {
    var round = 1
    while ContinuousClock.now < deadline, !record.isAborted {
      for family in AddressFamily.allCases {
        do {
          try record.write(backend) { try write(family, round: round) }
        } catch {
          return record.abort("the \(backend) writer: \(error)")
        }
      }
      round += 1
    }
  }

  private func write(_ family: AddressFamily, round: Int) throws {
    guard let cycle = rewrites[family], let history = histories[family] else { return }
    let rewrite = cycle[round % cycle.count]
    try history.write(rewrite.totals) {
      try backend.restore(rewrite.text, family, rewrite.flags)
    }
  }
}

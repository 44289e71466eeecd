/// Chains by their owners: for each service port a list, linked.
struct OwnedChains {
  private let chains: [Int32]
  /// For each service port, where in `chains` its last is; -1 where it has none.
  private var last: [Int32]
  /// For each of `chains`, where the one before of the same owner is; -1 where it is the first.
  private var before: [Int32]

  init(_ chains: [Int32], _ owners: [Int32], serviceCount: Int) {
    self.chains = chains
    last = Array(repeating: -1, count: serviceCount)
    before = []
    before.reserveCapacity(chains.count)
    for (index, chain) in chains.enumerated() {
      let owner = Int(owners[Int(chain)])
      before.append(last[owner])
      last[owner] = Int32(index)
    }
  }

  func forEach(of service: Int, _ body: (Int32) -> Void) {
    var index = last[service]
    while index >= 0 {
      body(chains[Int(index)])
      index = before[Int(index)]
    }
  }
}

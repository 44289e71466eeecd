internal import Netfilter

/// The service ports' chains that balance over endpoints, by service port.
struct BalancingChains: Sendable {
  /// The chains' positions, those of one service port in a row, ascending.
  private let chains: [Int32]
  /// For each service port, where its chains begin; one more entry ends the last.
  private let starts: [Int32]

  /// - Parameters:
  ///   - reached: the chains that service ports own.
  ///   - owners: for each chain, its service port.
  init(_ reached: [Int32], _ owners: [Int32], in content: TableContent?, serviceCount: Int) {
    guard let content else {
      chains = []
      starts = Array(repeating: 0, count: serviceCount + 1)
      return
    }
    let balancing = reached.filter { Self.balances(content.chains[Int($0)].name) }.sorted()
    var ends = [Int32](repeating: 0, count: serviceCount + 1)
    for chain in balancing { ends[Int(owners[Int(chain)]) + 1] += 1 }
    for service in 0..<serviceCount { ends[service + 1] += ends[service] }
    starts = ends
    var sorted = [Int32](repeating: 0, count: balancing.count)
    for chain in balancing {
      let service = Int(owners[Int(chain)])
      sorted[Int(ends[service])] = chain
      ends[service] += 1
    }
    chains = sorted
  }

  subscript(service: Int) -> ArraySlice<Int32> {
    chains[Int(starts[service])..<Int(starts[service + 1])]
  }

  /// Whether a service port's chain is of a family that balances; what owns it has proven the rest.
  private static func balances(_ name: ChainName) -> Bool {
    prefixes.contains { name.hasPrefix($0) }
  }

  private static let prefixes: [ChainName] = [
    ServiceChainFamily.service, .local, .externalLoadBalancer,
  ].map { ChainName(stringLiteral: $0.rawValue + "-") }
}

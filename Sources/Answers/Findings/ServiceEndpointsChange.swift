internal import KubeProxy
internal import Netfilter

/// What differs in a service port's endpoints: which there are, and how much each gets.
struct ServiceEndpointsChange {
  private(set) var findings: [Finding] = []
  /// The service chains whose endpoints are others.
  private(set) var changedChains: Set<ChainName> = []
  /// The service chains whose endpoints are the same, with other shares.
  private(set) var unequalChains: Set<ChainName> = []

  private let change: ServiceChange

  init(_ change: ServiceChange, _ old: ServiceFacts, _ new: ServiceFacts) {
    self.change = change
    addEndpoints(Set(old.endpoints), Set(new.endpoints), of: change.name)
    let oldChains = Dictionary(
      old.chains.map { ($0.chain, $0.endpoints) }, uniquingKeysWith: { $1 })
    let isEverywhere = !findings.isEmpty
    for chain in new.chains {
      let before = oldChains[chain.chain] ?? []
      let (oldNames, newNames) = (Set(before.map(\.text)), Set(chain.endpoints.map(\.text)))
      if oldNames != newNames {
        changedChains.insert(chain.chain)
        if !isEverywhere {
          addEndpoints(oldNames, newNames, of: "\(change.name) changed in \(chain.chain)", "")
        }
      } else {
        addShares(before, chain)
      }
    }
  }

  /// - Parameter verb: ` changed`, unless the name says so.
  private mutating func addEndpoints(
    _ old: Set<String>, _ new: Set<String>, of name: String, _ verb: String = " changed"
  ) {
    if old == new { return }
    let counts = Wording.counts([
      (old.subtracting(new).count, "gone"), (new.subtracting(old).count, "new"),
    ])
    findings.append(
      change.finding(.endpointsChanged, "the endpoints of \(name)\(verb): \(counts)"))
  }

  private mutating func addShares(_ old: [EndpointShare], _ chain: ServiceChainEndpoints) {
    let before = Dictionary(old.map { ($0.text, $0.share) }, uniquingKeysWith: +)
    let after = Dictionary(chain.endpoints.map { ($0.text, $0.share) }, uniquingKeysWith: +)
    let changed = after.filter { abs((before[$0.key] ?? 0) - $0.value) > Self.precision }
    if changed.isEmpty { return }
    unequalChains.insert(chain.chain)
    let words = changed.keys.sorted().map { endpoint in
      "\(endpoint) \(Wording.percent(before[endpoint] ?? 0)) → \(Wording.percent(after[endpoint] ?? 0))"
    }
    findings.append(
      change.finding(
        .sharesChanged,
        "the shares of \(change.name)'s endpoints changed in \(chain.chain): \(Wording.list(words))"
      ))
  }

  /// A saved file's probabilities have as many digits as the kernel's, nearly.
  private static let precision = 1e-6
}

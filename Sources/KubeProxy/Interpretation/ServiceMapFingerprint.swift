public import Netfilter

/// A number that is the same on all nodes that serve the same service ports at the same cluster IPs and
/// node ports with the same endpoints; below 2^53, so that it is exact as a double.
///
/// Left out is what a node has for itself, or what has another order at each sync: the order of rules,
/// local policies' chains, load balancers' and external addresses. Endpoints are those of the KUBE-SVC
/// chains, told by the names of their KUBE-SEP chains, which are the hashes of them. A service port that
/// is blocked on this node counts as on a node where it isn't.
public struct ServiceMapFingerprint: Sendable {
  public let value: UInt64
  private let map: ServiceMap
  private let filter: TableContent?
  /// For each service port, a number that stands for it.
  private let ports: [UInt64]
  /// The sum over all places where service ports are reached.
  private let placeSum: UInt64

  /// - Parameters:
  ///   - map: the service ports.
  ///   - filter: the filter table that the map was made of.
  ///   - previous: that of an earlier map; what did not change since is taken over.
  public init(of map: ServiceMap, filter: TableContent?, previous: ServiceMapFingerprint?) {
    self.map = map
    self.filter = filter
    let former = previous.flatMap { map.hasSamePorts(as: $0.map) ? $0 : nil }
    let ports = former?.ports ?? map.services.map { Mixer($0.port).value }
    if let former, former.filter === filter, map.hasSameDispatchRules(as: former.map) {
      placeSum = former.placeSum
    } else {
      placeSum = map.places(filter, ports).reduce(0, &+)
    }
    self.ports = ports
    value = ports.reduce(placeSum &+ map.endpointSum, &+) & (1 << 53 - 1)
  }
}

extension ServiceMap {
  fileprivate func hasSameDispatchRules(as other: ServiceMap) -> Bool {
    dispatchRules == other.dispatchRules
  }

  private var dispatchRules: [RuleList] {
    knowledge.map { knowledge in
      knowledge.dispatchChains.map { knowledge.content.chains[$0].rules }
    } ?? []
  }

  /// Where the service ports are reached, each place once.
  fileprivate func places(_ filter: TableContent?, _ ports: [UInt64]) -> Set<UInt64> {
    var places: Set<UInt64> = []
    if let knowledge {
      for chain in knowledge.dispatchChains {
        let isServices = knowledge.content.chains[chain].name == .kubeServices
        collect(knowledge.content, chain, natOwners, ports, into: &places) { rule, comment in
          isServices ? comment.isClusterIP ? rule.clusterAddress : nil : rule.nodePort
        }
      }
    }
    for chain in filter?.chains.indices ?? 0..<0 {
      guard let filter else { break }
      switch filter.chains[chain].name {
      case .kubeServices:
        collect(filter, chain, filterOwners, ports, into: &places) { rule, _ in
          rule.clusterAddress
        }
      case .kubeExternalServices:
        collect(filter, chain, filterOwners, ports, into: &places) { rule, _ in
          rule.destination == nil ? rule.nodePort : nil
        }
      default: break
      }
    }
    return places
  }

  /// The sum over all endpoints of all service ports that are served under the cluster's policy.
  fileprivate var endpointSum: UInt64 {
    guard let knowledge else { return 0 }
    let chains = knowledge.content.chains
    var sum: UInt64 = 0
    for chain in chains.indices
    where knowledge.stages[chain] == .service && chains[chain].name.hasPrefix("KUBE-SVC-") {
      let first = knowledge.content.firstRules[chain]
      guard first < knowledge.content.firstRules[chain + 1], natOwners[first] >= 0 else { continue }
      let service = Mixer(chains[chain].name)
      for target in knowledge.jumps[chain] where knowledge.stages[Int(target)] == .endpoint {
        var mixer = service
        mixer.mix(chains[Int(target)].name)
        sum &+= mixer.value
      }
    }
    return sum
  }

  /// Adds what the service ports' rules of a chain say of where they are reached, each once: a rule may
  /// stand beside another for the same packets.
  private func collect(
    _ content: TableContent, _ chain: Int, _ owners: [Int32], _ ports: [UInt64],
    into places: inout Set<UInt64>,
    place: (RuleOutline, Span<UInt8>) -> Mixer?
  ) {
    let rules = content.chains[chain].rules
    for position in 0..<rules.count {
      let owner = owners[content.firstRules[chain] + position]
      guard owner >= 0 else { continue }
      let line = rules.line(at: position)
      let bytes = line.span
      let rule = RuleOutline(bytes)
      guard var mixer = place(rule, bytes.extracting(rule.comment ?? 0..<0)) else { continue }
      mixer.mix(ports[Int(owner)])
      places.insert(mixer.value)
    }
  }
}

extension RuleOutline {
  fileprivate var clusterAddress: Mixer? {
    guard let destination, let destinationPort else { return nil }
    var mixer = Mixer(1)
    mixer.mix(destination.address.high)
    mixer.mix(destination.address.low)
    mixer.mix(UInt64(destinationPort))
    return mixer
  }

  fileprivate var nodePort: Mixer? {
    guard let destinationPort else { return nil }
    var mixer = Mixer(2)
    mixer.mix(UInt64(destinationPort))
    return mixer
  }
}

private let clusterIP = Array("cluster IP".utf8)

extension Span<UInt8> {
  /// Whether the comment ends in `cluster IP`.
  fileprivate var isClusterIP: Bool {
    let ending = clusterIP
    guard count >= ending.count else { return false }
    for index in ending.indices where self[count - ending.count + index] != ending[index] {
      return false
    }
    return true
  }
}

/// Mixes words into one, the same way in every process (as SplitMix64 does).
private struct Mixer {
  private(set) var value: UInt64

  init(_ word: UInt64) {
    value = 0x9e37_79b9_7f4a_7c15
    mix(word)
  }

  init(_ port: ServicePort) {
    self.init(3)
    for text in [port.namespace, port.name, port.port, port.transport.rawValue] {
      for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
      mix(UInt64(text.utf8.count))
    }
  }

  init(_ name: ChainName) {
    self.init(4)
    mix(name)
  }

  /// Mixes in a name at once: there are tens of thousands of them.
  mutating func mix(_ name: ChainName) {
    let words = name.words
    mix(
      words.0 &* 0xa24b_aed4_963e_e407 &+ words.1 &* 0x9fb2_1c65_1e98_df25
        &+ words.2 &* 0xd6e8_feb8_6659_fd93 &+ words.3 &* 0xe703_7ed1_a0b4_28db)
  }

  mutating func mix(_ word: UInt64) {
    var mixed = (value ^ word) &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    value = mixed ^ mixed >> 31
  }
}

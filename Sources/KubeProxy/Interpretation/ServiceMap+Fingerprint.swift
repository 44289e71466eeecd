public import Netfilter

extension ServiceMap {
  /// A number that is the same on all nodes that serve the same service ports at the same cluster IPs and
  /// node ports with the same endpoints; below 2^53, so that it is exact as a double.
  ///
  /// Left out is what a node has for itself, or what has another order at each sync: the order of rules,
  /// local policies' chains, load balancers' and external addresses. Endpoints are those of the KUBE-SVC
  /// chains, told by the names of their KUBE-SEP chains, which are the hashes of them. A service port that
  /// is blocked on this node counts as on a node where it isn't.
  ///
  /// - Parameter filter: The filter table that the map was made of.
  public func fingerprint(filter: TableContent?) -> UInt64 {
    let ports = services.map { Mixer($0.port).value }
    let dispatched = dispatch.places
    let places = filter.map { self.places($0, ports) } ?? []
    let sum = places.reduce(dispatched.reduce(0, &+)) {
      dispatched.sortedIndex(of: $1) == nil ? $0 &+ $1 : $0
    }
    return ports.reduce(sum &+ endpointSum, &+) & (1 << 53 - 1)
  }

  /// Where filter says that service ports are reached.
  private func places(_ filter: TableContent, _ ports: [UInt64]) -> Set<UInt64> {
    var places: Set<UInt64> = []
    for (index, chain) in filter.chains.enumerated()
    where chain.name == .kubeServices || chain.name == .kubeExternalServices {
      for position in chain.rules.indices {
        guard let owner = owner(ofRule: position, ofChainAt: index, in: filter) else { continue }
        let rule = chain.rules.outline(at: position)
        let place =
          chain.name == .kubeServices
          ? rule.clusterAddress : rule.destination == nil ? rule.nodePort : nil
        if let place { places.insert(place.mixed(ports[owner])) }
      }
    }
    return places
  }

  /// The sum over all endpoints of all service ports that are served under the cluster's policy.
  private var endpointSum: UInt64 {
    var sum: UInt64 = 0
    for chain in nat.stages.indices where nat.stages[chain] == .service {
      let name = nat.content.chains[chain].name
      guard name.hasPrefix("KUBE-SVC-"), !nat.content.chains[chain].rules.isEmpty,
        chains[chain].owner != .none
      else { continue }
      let service = Mixer(name)
      for target in nat.graph[chain] where nat.stages[Int(target)] == .endpoint {
        var mixer = service
        mixer.mix(nat.content.chains[Int(target)].name)
        sum &+= mixer.value
      }
    }
    return sum
  }
}

extension RuleOutline {
  /// A number for the cluster IP or NodePort at which a rule of KUBE-SERVICES or KUBE-NODEPORTS reaches its
  /// service port. Nil for other rules, because nodes differ in them.
  func place(inDispatchChain chain: ChainName, _ comment: Span<UInt8>) -> Mixer? {
    guard chain == .kubeServices else { return nodePort }
    return comment.ends(with: "cluster IP") ? clusterAddress : nil
  }

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

/// Mixes words into one, the same way in every process (as SplitMix64 does).
struct Mixer {
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

  /// The number with another word in it.
  func mixed(_ word: UInt64) -> UInt64 {
    var mixer = self
    mixer.mix(word)
    return mixer.value
  }

  mutating func mix(_ word: UInt64) {
    var mixed = (value ^ word) &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    value = mixed ^ mixed >> 31
  }
}

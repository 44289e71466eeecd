internal import KubeProxy
internal import Netfilter

/// Looks for pods' addresses in rules.
struct PodSearch {
  /// An address, and why it was taken.
  typealias Found = (address: IPAddress, reason: String)

  private let nat: TableContent
  private let filter: TableContent?
  private let map: ServiceMap

  init?(_ side: FamilySide) {
    guard let nat = side.snapshot.table(.nat)?.content else { return nil }
    self.nat = nat
    filter = side.snapshot.table(.filter)?.content
    map = side.map
  }

  /// A pod of the node, or one like it: best one whose own rules a CNI plugin wrote, else an address of the
  /// pod network, else another service port's endpoint. Nil where the rules show none.
  ///
  /// - Parameter service: The service port that it is to be no endpoint of, by its index in the map.
  func pod(asking service: Int?) -> Found? {
    local(asking: service) ?? inNetwork ?? endpoint(asking: service)
  }

  /// A pod with a rule of its own: `-A POSTROUTING -s 10.244.1.7/32 … -j CNI-0123…`.
  private func local(asking service: Int?) -> Found? {
    let endpoints = endpoints { service == nil || $0 == service }
    return localPods.first { !endpoints.contains($0.address) }.map {
      ($0.address, "a pod of this node, by nat's POSTROUTING rule \($0.position + 1)")
    }
  }

  /// An address of the pod network that is nobody's endpoint.
  private var inNetwork: Found? {
    guard let (network, place) = network else { return nil }
    let endpoints = endpoints { _ in true }
    // The first addresses are often a bridge's.
    for number in UInt32(7)..<1024 {
      let address = network.address.adding(number)
      guard network.matches(address) else { return nil }
      if endpoints.contains(address) { continue }
      return (address, "in the pod network \(network.text), by \(place)")
    }
    return nil
  }

  /// Says of an endpoint whether it is a pod and no machine; nil where the rules don't show it.
  func podTest() -> (IPAddress) -> Bool? {
    let (network, isWhole) = (network?.match, wholeNetwork != nil)
    let local = Set(localPods.map(\.address))
    let apiServer = endpoints { map.services[$0].port.isAPIServer }
    return { address in
      // The API server runs on machines.
      if apiServer.contains(address) { return false }
      if network?.matches(address) ?? false || local.contains(address) { return true }
      return isWhole ? false : nil
    }
  }

  /// The pods that have rules of their own.
  private var localPods: [(address: IPAddress, position: Int)] {
    guard let chain = nat.chainIndex(of: "POSTROUTING") else { return [] }
    let rules = nat.chains[chain].rules
    return rules.indices.compactMap { position in
      guard rules.chain(at: position)?.hasPrefix("CNI-") == true else { return nil }
      return rules[position].source?.onlyAddress.map { ($0, position) }
    }
  }

  /// The pod network, and the rule that shows it.
  var network: (match: AddressMatch, place: String)? {
    wholeNetwork ?? forwardedNetwork(Self.othersForwarding)
  }

  /// The pod network of the whole cluster, as kube-proxy and flannel have it.
  private var wholeNetwork: (match: AddressMatch, place: String)? {
    if let (network, chain, position) = nat.podNetwork {
      return (network, "\(nat.chains[chain].name) rule \(position + 1)")
    }
    return forwardedNetwork(Self.clustersForwarding)
  }

  private func forwardedNetwork(
    _ names: [ChainName]
  ) -> (match: AddressMatch, place: String)? {
    guard let filter else { return nil }
    for chain in names.compactMap(filter.chainIndex).map({ filter.chains[$0] }) {
      for (position, rule) in chain.rules.prefix(1000).enumerated() {
        guard let source = rule.source, !source.inverted, !source.mask.isZero,
          source.mask != source.address.family.fullMask
        else { continue }
        return (source, "filter's \(chain.name) rule \(position + 1)")
      }
    }
    return nil
  }

  /// The chains of filter in which rules for the pod network of the whole cluster stand.
  private static let clustersForwarding: [ChainName] = [.kubeForward, "FLANNEL-FWD"]
  /// Those in which the rules may be for a part of it, or for other networks.
  private static let othersForwarding: [ChainName] = ["CNI-FORWARD", "WEAVE-NPC", "FORWARD"]

  /// An endpoint of another service port. The API server is no pod.
  private func endpoint(asking service: Int?) -> Found? {
    let own = endpoints { $0 == service }
    for (index, address) in map.endpointAddresses where index != service && !own.contains(address) {
      let port = map.services[index].port
      if !port.isAPIServer { return (address, "an endpoint of \(port)") }
    }
    return nil
  }

  private func endpoints(of isMeant: (Int) -> Bool) -> Set<IPAddress> {
    Set(map.endpointAddresses.filter { isMeant($0.service) }.map(\.address))
  }
}

extension FamilySnapshot {
  /// The interface of a pod of the node's, as Calico's rules name it: `-A cali-from-wl-dispatch -i cali0c6f2a91d3e
  /// …`. Nil where there are none.
  var podInterface: String? {
    for chain in table(.filter)?.content.chains ?? []
    where chain.name.hasPrefix("cali-from-wl-dispatch") {
      for rule in chain.rules {
        guard let input = rule.value(of: "-i"), !input.isInverted,
          input.bytes.last != UInt8(ascii: "+")
        else { continue }
        return String(decoding: input.bytes, as: UTF8.self)
      }
    }
    return nil
  }
}

extension AddressMatch {
  /// `10.244.0.0/16`.
  var text: String { "\(address)/\(mask.prefixLength.map { "\($0)" } ?? "\(mask)")" }
}

extension IPAddress {
  /// The address so many behind this one, whose last bits are zero.
  fileprivate func adding(_ number: UInt32) -> IPAddress {
    switch family {
    case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: high >> 32) &+ number)
    case .ipv6: IPAddress(ipv6High: high, low: low &+ UInt64(number))
    }
  }
}

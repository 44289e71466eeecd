/// A made-up cluster: what kube-proxy would be told, before any rule is written.
public struct Cluster: Sendable {
  public let family: AddressFamily
  /// The services, in the random order in which kube-proxy's map would yield them.
  public let services: [Service]

  /// How many services there are for each one that has a NodePort.
  private static let servicesPerNodePort = 8
  private static let nodePorts: ClosedRange<UInt16> = 30000...32767

  /// Makes a cluster of `services` service ports with `endpoints` endpoints each.
  ///
  /// Every eighth service has a NodePort, as long as Kubernetes' default range of them lasts. The
  /// same arguments make the same cluster.
  public init(services: Int, endpoints: Int, family: AddressFamily, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var nodePorts = Self.nodePorts.shuffled(using: &generator)
    self.family = family
    self.services = (0..<services).map { index in
      let pods = (0..<endpoints).map { family.podAddress(index * endpoints + $0) }
      let hasNodePort = index.isMultiple(of: Self.servicesPerNodePort)
      return Service(
        name: Self.servicePortName(index),
        networkProtocol: index % 16 == 15 ? .udp : .tcp,
        clusterAddress: family.clusterAddress(index),
        port: 80,
        nodePort: hasNodePort ? nodePorts.popLast() : nil,
        endpoints: pods.sorted().map { Endpoint(address: $0, port: 8080) })
    }.shuffled(using: &generator)
  }

  private init(family: AddressFamily, services: [Service]) {
    self.family = family
    self.services = services
  }

  /// Three service ports in four have a named port.
  private static func servicePortName(_ index: Int) -> String {
    let digits = String(index)
    let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    return "team-\(index % 40)/service-\(number)" + (index % 4 == 3 ? "" : ":http")
  }

  /// The service at `index` with one more endpoint, as after a scale-up.
  public func scaledUp(_ index: Int) -> Service {
    var service = services[index]
    service.endpoints.append(newEndpoint(index))
    service.endpoints.sort { $0.description < $1.description }
    return service
  }

  /// The service at `index` with another endpoint in the place of its first, as after a pod's end.
  public func replacingEndpoint(_ index: Int) -> Service {
    var service = services[index]
    service.endpoints[0] = newEndpoint(index)
    service.endpoints.sort { $0.description < $1.description }
    return service
  }

  /// The same cluster with another state of the service at `index`.
  public func replacing(_ index: Int, with service: Service) -> Cluster {
    var services = services
    services[index] = service
    return Cluster(family: family, services: services)
  }

  /// The same cluster with its services in another random order.
  func reordered(seed: UInt64) -> Cluster {
    var generator = SplitMix64(seed: seed)
    return Cluster(family: family, services: services.shuffled(using: &generator))
  }

  /// An endpoint that no service has yet.
  private func newEndpoint(_ index: Int) -> Endpoint {
    let podCount = services.count * services[index].endpoints.count
    return Endpoint(address: family.podAddress(podCount + index), port: 8080)
  }
}

public import Netfilter

/// At which addresses a family's service ports are asked, and where their rules send who asks.
///
/// Made of a map's rules, to judge a connection by the rules of now. 5,000 service ports of 4 endpoints
/// take some 1.5 MB.
public struct ServiceDestinations: Sendable {
  /// What a client asks for, or who answers.
  public struct Destination: Sendable, Hashable {
    public let address: IPAddress
    public let port: UInt16

    public init(address: IPAddress, port: UInt16) {
      self.address = address
      self.port = port
    }
  }

  private struct Key: Hashable {
    /// Nil for a NodePort.
    let address: IPAddress?
    let port: UInt16
    let ipProtocol: UInt8
  }

  private var services: [Key: Int32] = [:]
  /// The endpoints of all service ports, those of one together and sorted.
  private var endpoints: [Destination] = []
  /// For each service port, where its endpoints begin; and one more.
  private var starts: [Int] = [0]
  /// Service ports of which not every endpoint is known as an address and a port.
  private var isOpen: [Bool]
  /// See ``TableContent/nodePortDestinations``.
  private let nodePortDestinations: [AddressMatch?]
  private let foreign: ForeignTranslations

  /// - Parameters:
  ///   - map: The service ports.
  ///   - nat: The table that it was made of.
  ///   - filter: The same.
  public init(_ map: ServiceMap, nat: TableContent?, filter: TableContent?) {
    isOpen = Array(repeating: false, count: map.services.count)
    nodePortDestinations = nat?.nodePortDestinations ?? []
    foreign = ForeignTranslations(nat)
    takeEndpoints(of: map)
    if let nat {
      for name in [ChainName.kubeServices, .kubeNodePorts] { takeRules(of: name, nat, map) }
    }
    if let filter {
      // What blocks a service port without endpoints is all that is left of it.
      for name in [ChainName.kubeServices, .kubeExternalServices] {
        takeRules(of: name, filter, map)
      }
    }
  }

  private mutating func takeEndpoints(of map: ServiceMap) {
    var known: [[Destination]] = Array(repeating: [], count: map.services.count)
    var chains: [Set<Int32>] = Array(repeating: [], count: map.services.count)
    for rule in map.connectionRules {
      chains[Int(rule.service)].insert(rule.chain)
      if let destination = map.destination(of: rule)?.onlyDestination {
        known[Int(rule.service)].append(destination)
      } else {
        isOpen[Int(rule.service)] = true
      }
    }
    for (service, destinations) in known.enumerated() {
      // An endpoint's chain whose destination isn't understood has no rule in the list.
      if chains[service].count < map.services[service].sepChains { isOpen[service] = true }
      endpoints += Set(destinations).sorted()
      starts.append(endpoints.count)
    }
  }

  private mutating func takeRules(of name: ChainName, _ content: TableContent, _ map: ServiceMap) {
    guard let chain = content.chainIndex(of: name) else { return }
    let rules = content.chains[chain].rules
    for position in rules.indices {
      let outline = rules.outline(at: position)
      guard let owner = map.owner(ofRule: position, ofChainAt: chain, in: content),
        let port = outline.destinationPort, let ipProtocol = outline.ipProtocol
      else { continue }
      var address: IPAddress?
      if let destination = outline.destination {
        // NodePorts of 127.0.0.0/8 have a rule for every address too.
        guard let only = destination.onlyAddress else { continue }
        address = only
      }
      let key = Key(address: address, port: port, ipProtocol: ipProtocol)
      if services[key] == nil { services[key] = Int32(owner) }
    }
  }

  /// The index of the service port that is asked at an address.
  ///
  /// - Parameter isLocal: Whether it is an address of the node, which may have NodePorts.
  public func service(
    at destination: Destination, _ ipProtocol: UInt8, isLocal: @autoclosure () -> Bool
  ) -> Int? {
    let key = Key(address: destination.address, port: destination.port, ipProtocol: ipProtocol)
    if let service = services[key] { return Int(service) }
    let nodePort = Key(address: nil, port: destination.port, ipProtocol: ipProtocol)
    guard let service = services[nodePort], isLocal(), hasNodePorts(destination.address) else {
      return nil
    }
    return Int(service)
  }

  /// Whether a local address has NodePorts.
  private func hasNodePorts(_ address: IPAddress) -> Bool {
    nodePortDestinations.isEmpty
      || nodePortDestinations.contains { $0?.matches(address) ?? true }
  }

  /// The number of endpoints of all service ports.
  public var endpointCount: Int { endpoints.count }

  /// Which of all endpoints it is that a service port has; nil where it has no such endpoint.
  public func endpoint(_ destination: Destination, ofServiceAt service: Int) -> Int? {
    (starts[service]..<starts[service + 1]).sortedIndex(of: destination) { endpoints[$0] }
  }

  /// The endpoints of a service port, by their indices among all.
  public func endpoints(ofServiceAt service: Int) -> [(index: Int, destination: Destination)] {
    (starts[service]..<starts[service + 1]).map { ($0, endpoints[$0]) }
  }

  /// Whether rules send the service port's clients to no such endpoint. False where that isn't known, and
  /// where a rule of somebody else translates to it: that rule may have met the connection first.
  public func isStale(_ endpoint: Destination, ofServiceAt service: Int) -> Bool {
    !isOpen[service] && self.endpoint(endpoint, ofServiceAt: service) == nil
      && !foreign.contains(endpoint)
  }
}

/// Where rules outside of Kubernetes' chains translate to, such as an administrator's in PREROUTING.
private struct ForeignTranslations: Sendable {
  private var destinations: Set<ServiceDestinations.Destination> = []
  private var ranges: [AddressTranslation] = []

  init(_ nat: TableContent?) {
    for chain in nat?.chains ?? [] where !chain.name.hasPrefix("KUBE-") {
      for position in chain.rules.indices {
        guard let translation = chain.rules.translation(at: position) else { continue }
        if let destination = translation.onlyDestination {
          destinations.insert(destination)
        } else {
          ranges.append(translation)
        }
      }
    }
  }

  func contains(_ endpoint: ServiceDestinations.Destination) -> Bool {
    if destinations.contains(endpoint) { return true }
    return ranges.contains { range in
      // A rule without addresses leaves them as they are.
      let hasAddress =
        !range.hasAddress || range.first <= endpoint.address && endpoint.address <= range.last
      // With a base, ports are those of the range too.
      return hasAddress
        && (!range.hasPort || (range.firstPort...range.lastPort).contains(endpoint.port))
    }
  }
}

extension AddressTranslation {
  /// The one destination that it leads to; nil if it has several addresses or ports, or none.
  fileprivate var onlyDestination: ServiceDestinations.Destination? {
    guard hasAddress, hasPort, first == last, firstPort == lastPort else { return nil }
    return ServiceDestinations.Destination(address: first, port: firstPort)
  }
}

extension ServiceDestinations.Destination: Comparable, CustomStringConvertible {
  public static func < (left: Self, right: Self) -> Bool {
    (left.address, left.port) < (right.address, right.port)
  }

  /// `10.0.0.1:80`, `[fd00::1]:80`.
  public var description: String {
    address.family == .ipv6 ? "[\(address)]:\(port)" : "\(address):\(port)"
  }
}

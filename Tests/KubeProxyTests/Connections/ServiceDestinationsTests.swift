import Netfilter
import TestSupport
import Testing

@testable import KubeProxy

@Suite("Where service ports are asked, and where their rules lead")
struct ServiceDestinationsTests {
  private static let transports: [String: UInt8] = ["tcp": 6, "udp": 17, "sctp": 132]

  @Test(
    "A real node's connections to the endpoints that kube-proxy was told are not stale, any other is",
    arguments: Fixture.all)
  func realNode(_ fixture: Fixture) throws {
    let family = fixture.family
    let judge = try Judge(fixture.snapshot())
    let node = try #require(IPAddress(family == .ipv4 ? "192.168.99.20" : "fd00:99::20"))
    var asked = 0
    for told in try fixture.groundTruth().servicePorts {
      let ipProtocol = try #require(Self.transports[told.transport])
      let isExternal =
        told.nodePort != nil || !told.externalIPs.isEmpty || !told.loadBalancerIPs.isEmpty
      // Clients on the node reach all endpoints from outside, too.
      let isClusterWide = told.internalTrafficPolicy == "Cluster" || isExternal
      let isLocal =
        told.internalTrafficPolicy == "Local"
        || told.externalTrafficPolicy == "Local" && isExternal
      var endpoints = isClusterWide ? told.endpointsInUse(family) : []
      if isLocal { endpoints.formUnion(told.localEndpoints(family)) }
      let name =
        "\(told.namespace)/\(told.name)" + (told.portName.isEmpty ? "" : ":\(told.portName)")
      var addresses = (told.externalIPs + told.loadBalancerIPs).compactMap { IPAddress($0) }
        .filter { $0.family == family }
      if let clusterIP = told.clusterIP(family).flatMap({ IPAddress($0) }) {
        addresses.append(clusterIP)
      } else {
        // Headless, or of the other family.
        continue
      }
      var places = addresses.map { (address: $0, port: UInt16(told.port)) }
      if let nodePort = told.nodePort { places.append((node, UInt16(nodePort))) }
      for place in places {
        guard
          let service = judge.destinations.service(
            at: .init(address: place.address, port: place.port), ipProtocol,
            isLocal: place.address == node)
        else {
          // Only what a policy keeps local may have no rule at all.
          #expect(told.externalTrafficPolicy == "Local" || told.internalTrafficPolicy == "Local")
          continue
        }
        asked += 1
        #expect("\(judge.map.services[service].port)" == name)
        // Without a ready one on the node, those that serve while they terminate stand in.
        if endpoints.isEmpty, isLocal {
          endpoints = Set(judge.endpoints(ofServiceAt: service).map(\.description))
        }
        for text in endpoints {
          let endpoint = try #require(ServiceDestinations.Destination(text))
          #expect(!judge.destinations.isStale(endpoint, ofServiceAt: service), "\(name): \(text)")
        }
        for endpoint in endpoints.compactMap({ ServiceDestinations.Destination($0) })
          + [.init(address: node, port: 1)]
        {
          for other in [
            ServiceDestinations.Destination(address: endpoint.address, port: endpoint.port ^ 1),
            ServiceDestinations.Destination(address: place.address, port: endpoint.port),
          ] where !endpoints.contains(other.description) {
            #expect(judge.destinations.isStale(other, ofServiceAt: service), "\(name): \(other)")
          }
        }
      }
    }
    #expect(asked > 0 || family == .ipv6)
  }

  @Test("Judges as one does who follows each rule of the text", arguments: Fixture.all)
  func text(_ fixture: Fixture) throws {
    let judge = try Judge(fixture.snapshot())
    let text = try TextJudge(String(decoding: fixture.bytes(), as: UTF8.self))
    let all = Set(text.services.flatMap(\.targets) + ["10.9.9.9:9"])
    for service in text.services {
      let places = service.places.filter { $0.address != "127.0.0.0/8" }
      for place in places {
        let address = place.address.flatMap { IPAddress(String($0.prefix { $0 != "/" })) }
        let asked = address ?? IPAddress(fixture.family == .ipv4 ? "10.1.2.3" : "fd00::1:2:3")
        let found = judge.destinations.service(
          at: .init(address: try #require(asked), port: place.port), place.ipProtocol,
          isLocal: place.address == nil)
        let index = try #require(found, "\(service.name) \(place)")
        // Not all with all: a large cluster has thousands of each.
        let others = all.shuffled().prefix(20)
        for target in service.targets.union(others) {
          let endpoint = try #require(ServiceDestinations.Destination(target))
          #expect(
            judge.destinations.isStale(endpoint, ofServiceAt: index)
              == !service.targets.contains(target), "\(service.name) \(place) \(target)")
        }
      }
    }
  }

  @Test("Rules of all kinds are understood", arguments: DestinationExample.all)
  func example(_ example: DestinationExample) throws {
    let judge = try Judge(
      RulesetText(example.family, nat: example.nat, filter: example.filter).snapshot())
    let place = try #require(ServiceDestinations.Destination(example.asked.place))
    let service = judge.destinations.service(
      at: place, example.asked.ipProtocol, isLocal: example.asked.isLocal)
    #expect((service == nil) == (example.stale == nil))
    guard let service else { return }
    for (text, isStale) in example.stale ?? [:] {
      let endpoint = try #require(ServiceDestinations.Destination(text))
      #expect(judge.destinations.isStale(endpoint, ofServiceAt: service) == isStale, "\(text)")
      if judge.destinations.endpoint(endpoint, ofServiceAt: service) != nil { #expect(!isStale) }
    }
  }
}

/// A rule set, and how connections are judged by it.
private struct Judge {
  let map: ServiceMap
  let destinations: ServiceDestinations

  init(_ snapshot: FamilySnapshot) {
    let tables = (snapshot.table(.nat)?.content, snapshot.table(.filter)?.content)
    map = ServiceMap(nat: tables.0, filter: tables.1)
    destinations = ServiceDestinations(map, nat: tables.0, filter: tables.1)
  }

  func endpoints(ofServiceAt service: Int) -> [ServiceDestinations.Destination] {
    destinations.endpoints(ofServiceAt: service).map(\.destination)
  }
}

extension ServiceDestinations.Destination {
  /// `10.0.0.1:80`, `[fd00::1]:80`.
  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
      let address = IPAddress(String(text[..<colon].filter { $0 != "[" && $0 != "]" }))
    else { return nil }
    self.init(address: address, port: port)
  }
}

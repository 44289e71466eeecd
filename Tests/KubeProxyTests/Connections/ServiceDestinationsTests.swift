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

  typealias Asked = (ipProtocol: UInt8, place: String, isLocal: Bool)

  struct Example: CustomTestStringConvertible {
    let testDescription: String
    var family = IPFamily.ipv4
    let nat: String
    var filter: String?
    /// Where a client asks, and whether the address is the node's.
    var asked: Asked = (6, "10.96.0.9:80", false)
    /// Which endpoints are stale; nil where no service port is asked.
    let stale: [String: Bool]?
  }

  @Test("Rules of all kinds are understood", arguments: examples)
  func example(_ example: Example) throws {
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

extension ServiceDestinationsTests {
  /// The service port shop/web, TCP, and its endpoints' chains.
  private enum Web {
    static let hash = "E3PXEPMWAWIUT6ZV"

    static func sep(_ endpoint: String, _ transport: String = "tcp", of name: String = "shop/web")
      -> String
    {
      "KUBE-SEP-" + chainHashText(of: name + transport + endpoint)
    }

    /// The service port's chain and an endpoint's chains, with or without comments.
    static func chains(
      _ endpoints: [String], in chain: String = "KUBE-SVC-\(hash)", comments: Bool = true,
      affinity: Bool = false
    ) -> [String] {
      let comment = comments ? "-m comment --comment \"shop/web\" " : ""
      var rules: [String] = []
      for endpoint in endpoints {
        if affinity {
          rules.append(
            "-A \(chain) \(comment)-m recent --rcheck --seconds 10800 --reap --name \(sep(endpoint)) --mask 255.255.255.255 --rsource -j \(sep(endpoint))"
          )
        }
        rules.append("-A \(chain) \(comment)-j \(sep(endpoint))")
      }
      return rules
    }

    static func translations(_ endpoints: [String], comments: Bool = true) -> [String] {
      let comment = comments ? "-m comment --comment \"shop/web\" " : ""
      return endpoints.map {
        "-A \(sep($0)) -p tcp \(comment)-m tcp -j DNAT --to-destination \($0)"
      }
    }

    static let clusterIP =
      "-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment \"shop/web cluster IP\" -m tcp --dport 80 -j KUBE-SVC-\(hash)"

    static func external(_ address: String, _ purpose: String, port: Int = 80) -> String {
      "-A KUBE-SERVICES -d \(address)/32 -p tcp -m comment --comment \"shop/web \(purpose)\" -m tcp --dport \(port) -j KUBE-EXT-\(hash)"
    }

    static let nodePort =
      "-A KUBE-NODEPORTS -p tcp -m comment --comment \"shop/web\" -m tcp --dport 30080 -j KUBE-EXT-\(hash)"
    static let localNodePort =
      "-A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment \"shop/web\" -m tcp --dport 30080 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-\(hash)"
    static func toNodePorts(_ destination: String = "") -> String {
      "-A KUBE-SERVICES \(destination)-m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
    }
    static let ext = "-A KUBE-EXT-\(hash) -j KUBE-SVC-\(hash)"

    /// Asked at all kinds of addresses, with two endpoints.
    static func everywhere(to destination: String = "") -> String {
      let two = ["10.0.0.1:8080", "10.0.0.2:8080"]
      return text(
        [
          clusterIP, external("192.0.2.7", "external IP"),
          external("203.0.113.5", "loadbalancer IP"), toNodePorts(destination), localNodePort,
          nodePort, ext,
        ] + chains(two) + translations(two))
    }

    static func text(_ rules: [String]) -> String { rules.joined(separator: "\n") }
  }

  private static let two = ["10.0.0.1:8080", "10.0.0.2:8080"]
  private static let twoAreThere = [
    "10.0.0.1:8080": false, "10.0.0.2:8080": false, "10.0.0.3:8080": true, "10.0.0.1:8081": true,
    // Hairpin: the client is the endpoint, which changes nothing.
    "10.96.0.9:80": true,
  ]

  private static let places: [(name: String, asked: Asked, isThere: Bool)] = [
    ("the cluster IP", (6, "10.96.0.9:80", false), true),
    ("an external IP", (6, "192.0.2.7:80", false), true),
    ("a load balancer's IP", (6, "203.0.113.5:80", false), true),
    ("a load balancer's IP that is the node's, too", (6, "203.0.113.5:80", true), true),
    ("a NodePort", (6, "192.168.0.4:30080", true), true),
    ("a NodePort at a loopback address", (6, "127.0.0.5:30080", true), true),
    ("a NodePort of another node", (6, "192.168.0.5:30080", false), false),
    ("another port", (6, "10.96.0.9:81", false), false),
    ("another protocol", (17, "10.96.0.9:80", false), false),
    ("another address", (6, "10.96.0.8:80", false), false),
    ("the cluster IP's port at the node", (6, "192.168.0.4:80", true), false),
  ]

  static let examples: [Example] =
    places.map { place in
      Example(
        testDescription: place.name, nat: Web.everywhere(), asked: place.asked,
        stale: place.isThere ? twoAreThere : nil)
    } + policies + unusual

  private static let policies = [
    Example(
      testDescription: "Session affinity leads to each endpoint twice",
      nat: Web.text([Web.clusterIP] + Web.chains(two, affinity: true) + Web.translations(two)),
      stale: twoAreThere),
    Example(
      testDescription: "A large cluster's chains have no comments",
      nat: Web.text(
        [Web.clusterIP] + Web.chains(two, comments: false) + Web.translations(two, comments: false)),
      stale: twoAreThere),
    Example(
      testDescription: "With a Local policy the endpoints are those of both chains",
      nat: Web.text(
        [Web.clusterIP, Web.external("192.0.2.7", "external IP")]
          + [
            "-A KUBE-EXT-\(Web.hash) -s 10.244.0.0/16 -j KUBE-SVC-\(Web.hash)",
            "-A KUBE-EXT-\(Web.hash) -j KUBE-SVL-\(Web.hash)",
          ] + Web.chains(["10.0.0.1:8080"])
          + Web.chains(["10.0.0.2:8080"], in: "KUBE-SVL-\(Web.hash)") + Web.translations(two)),
      asked: (6, "192.0.2.7:80", false), stale: twoAreThere),
    Example(
      testDescription: "Of the last endpoint that went, filter's REJECT is left",
      nat: "-A KUBE-SERVICES -j KUBE-NODEPORTS",
      filter:
        "-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment \"shop/web has no endpoints\" -m tcp --dport 80 -j REJECT",
      stale: ["10.0.0.1:8080": true, "10.96.0.9:80": true]),
    Example(
      testDescription: "So it is of a NodePort",
      nat: Web.toNodePorts(),
      filter:
        "-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment \"shop/web has no endpoints\" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j REJECT",
      asked: (6, "192.168.0.4:30080", true), stale: ["10.0.0.1:8080": true]),
    Example(
      testDescription: "No local endpoint takes from outside, but others take from inside",
      nat: Web.text([Web.clusterIP] + Web.chains(two) + Web.translations(two)),
      filter:
        "-A KUBE-EXTERNAL-SERVICES -d 203.0.113.5/32 -p tcp -m comment --comment \"shop/web has no local endpoints\" -m tcp --dport 80 -j DROP",
      asked: (6, "203.0.113.5:80", false), stale: twoAreThere),
    Example(
      testDescription: "NodePorts are only at the addresses that lead to them",
      nat: Web.everywhere(to: "-d 192.168.0.4/32 "), asked: (6, "192.168.0.4:30080", true),
      stale: twoAreThere),
    Example(
      testDescription: "So they aren't at the node's other addresses",
      nat: Web.everywhere(to: "-d 192.168.0.4/32 "), asked: (6, "10.0.2.15:30080", true),
      stale: nil),
    Example(
      testDescription: "Nor at one that is excepted",
      nat: Web.everywhere(to: "! -d 192.168.0.4/32 "), asked: (6, "192.168.0.4:30080", true),
      stale: nil),
  ]

  private static let unusual = [
    Example(
      testDescription: "Where an endpoint isn't understood, nothing is stale",
      nat: Web.text(
        [Web.clusterIP] + Web.chains(two) + Web.translations(["10.0.0.1:8080"])
          + ["-A \(Web.sep("10.0.0.2:8080")) -p tcp -j DNAT --to-destination 10.0.0.2-10.0.0.9"]),
      stale: ["10.0.0.1:8080": false, "10.0.0.3:8080": false, "10.9.9.9:9": false]),
    Example(
      testDescription: "Nor where one has no translation at all",
      nat: Web.text(
        [Web.clusterIP] + Web.chains(two) + Web.translations(["10.0.0.1:8080"])
          + ["-A \(Web.sep("10.0.0.2:8080")) -p tcp -j ACCEPT"]),
      stale: ["10.9.9.9:9": false]),
    Example(
      testDescription: "One with two translations doesn't stand for one with none",
      nat: Web.text(
        [Web.clusterIP] + Web.chains(two) + Web.translations(["10.0.0.1:8080"])
          + [
            "-A \(Web.sep("10.0.0.1:8080")) -p tcp -j DNAT --to-destination 10.0.0.7:8080",
            "-A \(Web.sep("10.0.0.2:8080")) -p tcp -j ACCEPT",
          ]),
      stale: ["10.9.9.9:9": false]),
    Example(
      testDescription: "What an administrator's rule translates to is explained by that",
      nat: Web.text(
        [
          "-A PREROUTING -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.7.7.7:80",
          "-A OUTPUT -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.7.8.1-10.7.8.9",
          Web.clusterIP,
        ] + Web.chains(two) + Web.translations(two)),
      stale: [
        "10.0.0.1:8080": false, "10.7.7.7:80": false, "10.7.7.7:81": true, "10.7.8.0:80": true,
        "10.7.8.1:80": false, "10.7.8.9:1": false, "10.7.8.10:80": true, "10.0.0.3:8080": true,
      ]),
    Example(
      testDescription: "SCTP",
      nat: sctp, asked: (132, "10.96.0.9:3868", false),
      stale: ["10.0.0.1:3868": false, "10.0.0.2:3868": true]),
    Example(
      testDescription: "IPv6", family: .ipv6, nat: ipv6, asked: (17, "[fd00:10:96::a]:53", false),
      stale: ["[fd00::1]:5353": false, "[fd00::2]:5353": true, "[fd00::1]:53": true]),
  ]

  private static let sctp = """
    -A KUBE-SERVICES -d 10.96.0.9/32 -p sctp -m comment --comment "shop/web cluster IP" -m sctp --dport 3868 -j KUBE-SVC-\(chainHashText(of: "shop/websctp"))
    -A KUBE-SVC-\(chainHashText(of: "shop/websctp")) -j \(Web.sep("10.0.0.1:3868", "sctp"))
    -A \(Web.sep("10.0.0.1:3868", "sctp")) -p sctp -m sctp -j DNAT --to-destination 10.0.0.1:3868
    """

  private static let ipv6 = """
    -A KUBE-SERVICES -d fd00:10:96::a/128 -p udp -m comment --comment "shop/web cluster IP" -m udp --dport 53 -j KUBE-SVC-\(chainHashText(of: "shop/webudp"))
    -A KUBE-SVC-\(chainHashText(of: "shop/webudp")) -j \(Web.sep("[fd00::1]:5353", "udp"))
    -A \(Web.sep("[fd00::1]:5353", "udp")) -p udp -m udp -j DNAT --to-destination [fd00::1]:5353
    """
}

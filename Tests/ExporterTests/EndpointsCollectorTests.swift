import Collectors
import Exposition
import IPTablesSource
import Netfilter
import Platform
import TestSupport
import Testing
import Tracking

@Suite("What each endpoint gets")
struct EndpointsCollectorTests {
  private static let options = ExporterOptions.plain(
    collectors: [.endpoints, .connections, .services])

  @Test("Connections come to those of the service port", arguments: NodeState.all)
  func connections(_ state: NodeState) async throws {
    let metrics = try await Exporter(steps: [state.read()], Self.options).metrics()
    var sums: [Scrape.Labels: Double] = [:]
    for (series, value) in metrics.all("iptables_endpoint_connections_total") {
      sums[series.filter { $0.key != "endpoint" }, default: 0] += value
    }
    for (service, total) in metrics.all("iptables_service_connections_total") {
      #expect(sums[service] ?? 0 == total)
    }
    for fixture in state.fixtures {
      // Told by the words of the dump.
      var expected: [String: Double] = [:]
      let account = TextAccount(try fixture.bytes())
      for (rule, counts) in try RuleAccount(fixture.bytes()).rules where rule[0] == "nat" {
        guard account.chainOwners[rule[1]] != nil, rule[1].hasPrefix("KUBE-SEP-"),
          let destination = rule[2].split(separator: "--to-destination ").dropFirst().first
        else { continue }
        expected[String(destination), default: 0] += counts.packets
      }
      var found: [String: Double] = [:]
      for (series, value) in metrics.all("iptables_endpoint_connections_total")
      where series["ip_family"] == fixture.family.rawValue {
        found[series["endpoint"] ?? "", default: 0] += value
      }
      #expect(found == expected)
    }
  }

  @Test("The shares are those of the ready endpoints, all equal", arguments: NodeState.all)
  func shares(_ state: NodeState) async throws {
    let metrics = try await Exporter(steps: [state.read()], Self.options).metrics()
    let shares = metrics.all("iptables_endpoint_share")
    for family in state.families {
      for told in try state.groundTruth.servicePorts {
        let endpoints = told.endpointsInUse(family)
        let labels = [
          "ip_family": family.rawValue, "service_namespace": told.namespace,
          "service_name": told.name, "service_port": told.portName,
          "protocol": told.transport.uppercased(), "policy": "cluster",
        ]
        let found = shares.filter { series in labels.allSatisfy { series.key[$0.key] == $0.value } }
        if found.isEmpty { continue }
        #expect(Set(found.keys.compactMap { $0["endpoint"] }) == endpoints)
        #expect(found.values.allSatisfy { abs($0 - 1 / Double(endpoints.count)) < 1e-8 })
      }
    }
    #expect(!shares.isEmpty)
  }

  struct Course: CustomTestStringConvertible {
    let testDescription: String
    let steps: [([EndpointCounters.Endpoint: UInt64], [String: Double])]
  }

  private static let (first, second) = ("10.0.0.1:80", "10.0.0.2:80")

  static let courses = [
    Course(
      testDescription: "They never fall when a rule is written again",
      steps: [
        ([.first: 5, .second: 3], [first: 5, second: 3]),
        ([.first: 1, .second: 4], [first: 6, second: 4]),
        ([.first: 2, .second: 0], [first: 7, second: 4]),
      ]),
    Course(
      testDescription: "They go on when an endpoint comes back",
      steps: [
        ([.first: 5, .second: 3], [first: 5, second: 3]), ([.second: 4], [second: 4]),
        ([.second: 4], [second: 4]), ([.first: 2, .second: 4], [first: 7, second: 4]),
      ]),
    Course(
      testDescription: "They go on when all endpoints come back",
      steps: [
        ([.first: 5], [first: 5]), ([:], [:]), ([.first: 1, .second: 1], [first: 6, second: 1]),
      ]),
  ]

  @Test("Connections over readings", arguments: courses)
  func course(_ course: Course) async throws {
    let rulesets = course.steps.map { packets, _ in
      EndpointCounters(packets: packets, isDispatched: !packets.isEmpty).ruleset
    }
    let exporter = try Exporter(rulesets: rulesets, Self.options)
    for (_, totals) in course.steps {
      let found = try await exporter.metrics().all("iptables_endpoint_connections_total")
      #expect(
        Dictionary(uniqueKeysWithValues: found.map { ($0.key["endpoint"] ?? "", $0.value) })
          == totals)
    }
  }

  @Test("Of two chains to one destination are one series")
  func sameDestination() async throws {
    let ruleset = RulesetText(
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m statistic --mode random --probability 0.25000000000 -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-56Y73IMSIR3TM2HN
        [5:300] -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
        [3:180] -A KUBE-SEP-56Y73IMSIR3TM2HN -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80 --persistent
        """)
    let metrics = try await Exporter(rulesets: [ruleset], Self.options).metrics()
    let connections = metrics.all("iptables_endpoint_connections_total")
    #expect(connections.map(\.value) == [8])
    #expect(metrics.all("iptables_endpoint_share").map(\.value) == [1])
  }

  @Test("Only of service ports that have series")
  func selection() async throws {
    let ruleset = EndpointCounters(packets: [.first: 5]).ruleset
    let options = ExporterOptions.plain(
      collectors: [.endpoints],
      selection: ServiceSelection(exclude: try RegularExpression("shop/")))
    let metrics = try await Exporter(rulesets: [ruleset], options).metrics()
    #expect(metrics.all("iptables_endpoint_connections_total").isEmpty)
    #expect(metrics.all("iptables_endpoint_share").isEmpty)
  }
}

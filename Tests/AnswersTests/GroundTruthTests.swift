import Answers
import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("Answers and what kube-proxy was told")
struct GroundTruthTests {
  @Test("The services that came and went are those that did", arguments: FixturePair.consecutive)
  func created(_ pair: FixturePair) throws {
    let (old, new) = (try Self.ports(pair.old), try Self.ports(pair.new))
    let findings = try pair.difference().findings
    func names(_ kind: DifferenceFinding.Kind) -> Set<String> {
      Set(findings.filter { $0.kind == kind }.compactMap { $0.servicePort.map(Self.name) })
    }
    #expect(names(.serviceCreated) == new.subtracting(old))
    #expect(names(.serviceRemoved) == old.subtracting(new))
  }

  @Test("A resync that changed nothing has no effect on traffic", arguments: ["1.21"])
  func resync(_ version: String) throws {
    let pair = FixturePair(
      old: Fixture("legacy-\(version)/r-01-first.rules"),
      new: Fixture("legacy-\(version)/r-02-resync.rules"))
    let findings = try pair.difference().findings
    #expect(
      !findings.isEmpty && findings.allSatisfy { $0.kind == .orderOnly && $0.impact == .none })
  }

  @Test(
    "What kube-proxy does to the order of services never has an effect on traffic",
    arguments: FixturePair.consecutive)
  func order(_ pair: FixturePair) throws {
    let kinds = Set(try pair.difference().findings.map(\.kind))
    #expect(kinds.isDisjoint(with: [.dispatchOrder, .nodePortJump, .serviceOrder, .sharesChanged]))
  }

  @Test(
    "The services shown are those that exist, with their addresses, NodePorts and endpoints",
    arguments: Fixture.all.filter { !$0.name.contains("/f-") })
  func shown(_ fixture: Fixture) throws {
    let truth = try fixture.groundTruth()
    let services = ServiceList(of: try Ruleset(fixture)).services
    #expect(Set(services.map { Self.name($0.port) }) == (try Self.ports(fixture)))
    for service in services {
      let port = try #require(
        truth.servicePorts.first { Self.name($0) == Self.name(service.port) })
      let clusterIP = try #require(port.clusterIP(fixture.family))
      #expect(
        Set(service.addresses.map { "\($0.address)" }).contains(clusterIP), "\(service.port)")
      #expect(service.nodePorts.map(Int.init) == [port.nodePort].compactMap(\.self))
      for chain in service.balancing where "\(chain.chain)".hasPrefix("KUBE-SVC-") {
        let destinations = Set(chain.endpoints.flatMap(\.destinations).map(\.description))
        #expect(
          destinations == port.endpointsInUse(fixture.family)
            || destinations == port.localEndpoints(fixture.family), "\(service.port)")
        let share = 1 / Double(max(1, chain.endpoints.count))
        #expect(chain.endpoints.allSatisfy { abs($0.share - share) < 1e-6 }, "\(service.port)")
      }
    }
  }

  @Test(
    "An address is shown once, as what it is: of what is rejected, only external ones are unknown",
    arguments: Fixture.all.filter { !$0.name.contains("/f-") })
  func addresses(_ fixture: Fixture) throws {
    let truth = try fixture.groundTruth()
    for service in ServiceList(of: try Ruleset(fixture)).services {
      let port = try #require(
        truth.servicePorts.first { Self.name($0) == Self.name(service.port) })
      var expected = [try #require(port.clusterIP(fixture.family)): "cluster_ip"]
      let isUnknown = service.blocked.contains(.noEndpoints)
      for address in port.externalIPs { expected[address] = isUnknown ? "unknown" : "external_ip" }
      for address in port.loadBalancerIPs {
        expected[address] = isUnknown ? "unknown" : "load_balancer_ip"
      }
      expected = expected.filter { $0.key.contains(":") == (fixture.family == .ipv6) }
      let shown = service.addresses.map { ("\($0.address)", $0.kind.rawValue) }
      #expect(
        Dictionary(shown, uniquingKeysWith: { "\($0), \($1)" }) == expected, "\(service.port)")
      #expect(shown.count == expected.count, "\(service.port)")
    }
  }

  @Test("Whose traffic a Local policy blocks is what the policy is for", arguments: Fixture.all)
  func blockedTraffic(_ fixture: Fixture) throws {
    let truth = try fixture.groundTruth()
    for service in ServiceList(of: try Ruleset(fixture)).services
    where service.blocked.contains(.noLocalEndpoints) {
      let port = try #require(
        truth.servicePorts.first { Self.name($0) == Self.name(service.port) })
      #expect(
        service.blockedTraffic.contains { $0.origin == .inCluster }
          == (port.internalTrafficPolicy == "Local"))
      #expect(
        service.blockedTraffic.contains { $0.origin == .external }
          == (port.externalTrafficPolicy == "Local"))
    }
  }

  /// The service ports that have rules: headless ones don't.
  private static func ports(_ fixture: Fixture) throws -> Set<String> {
    let ports = try fixture.groundTruth().servicePorts
    return Set(
      ports.filter { ($0.clusterIP(fixture.family) ?? "None") != "None" }.map(name))
  }

  private static func name(_ port: ServicePort) -> String {
    "\(port) \(port.transport.rawValue)"
  }

  private static func name(_ port: GroundTruth.ServicePort) -> String {
    let name = "\(port.namespace)/\(port.name)"
    return
      "\(port.portName.isEmpty ? name : "\(name):\(port.portName)") \(port.transport.uppercased())"
  }
}

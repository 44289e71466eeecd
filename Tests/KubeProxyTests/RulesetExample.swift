import KubeProxy
import Netfilter
import TestSupport
import Testing

/// A rule set, and what is to be found in it.
struct RulesetExample: CustomTestStringConvertible {
  let testDescription: String
  let ruleset: RulesetText
  /// As ``summary(of:)`` has them.
  let services: [String]
  var orphans = 0
  var unnamed = 0

  init(
    _ description: String, _ family: IPFamily = .ipv4, nat: String? = nil, filter: String? = nil,
    services: [String], orphans: Int = 0, unnamed: Int = 0
  ) {
    testDescription = description
    ruleset = RulesetText(family, nat: nat, filter: filter)
    self.services = services
    self.orphans = orphans
    self.unnamed = unnamed
  }

  /// Expects the service ports, orphans and unnamed chains, and that all accounts agree.
  func check() throws {
    let snapshot = try ruleset.snapshot()
    let map = ServiceMap(snapshot)
    #expect(map.services.map(summary) == services)
    #expect(map.orphanChains == orphans)
    #expect(map.unnamed.count == unnamed)
    expectConsistent(map, snapshot)
  }
}

extension ServiceMap {
  convenience init(_ snapshot: FamilySnapshot, previous: ServiceMap? = nil) {
    self.init(
      nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content,
      previous: previous)
  }
}

extension ServiceMap {
  /// For each rule of a table, the index of its service port.
  func owners(in content: TableContent?) -> [Int?] {
    guard let content else { return [] }
    return content.chains.enumerated().flatMap { index, chain in
      chain.rules.indices.map { owner(ofRule: $0, ofChainAt: index, in: content) }
    }
  }
}

/// Such as `shop/web TCP: 2 SEP, 2 DNAT, 1 NodePort, 8 nat, 0 filter, no_endpoints`.
func summary(of service: Service) -> String {
  let words = [
    "\(service.sepChains) SEP", "\(service.dnatTargets) DNAT", "\(service.nodePortRules) NodePort",
    "\(service.natRules) nat", "\(service.filterRules) filter",
  ]
  let blocked = service.blocked.map(\.rawValue).sorted()
  let port = "\(service.port) \(service.port.transport.rawValue)"
  return "\(port): " + (words + blocked).joined(separator: ", ")
}

/// Expects that the counts of rules are those of their owners, and that connections are counted in
/// owned rules.
func expectConsistent(
  _ map: ServiceMap, _ snapshot: FamilySnapshot, at location: SourceLocation = #_sourceLocation
) {
  expectConsistent(
    map, snapshot.table(.nat)?.content, snapshot.table(.filter)?.content, at: location)
}

func expectConsistent(
  _ map: ServiceMap, _ nat: TableContent?, _ filter: TableContent?,
  at location: SourceLocation = #_sourceLocation
) {
  let owned = (map.owners(in: nat), map.owners(in: filter))
  for (index, service) in map.services.enumerated() {
    #expect(owned.0.count { $0 == index } == service.natRules, sourceLocation: location)
    #expect(owned.1.count { $0 == index } == service.filterRules, sourceLocation: location)
    #expect(service.rules == service.natRules + service.filterRules, sourceLocation: location)
  }
  #expect(
    map.connectionRules.allSatisfy { owned.0[Int($0.rule)] == Int($0.service) },
    sourceLocation: location)
  #expect(Set(map.services.map(\.port)).count == map.services.count, sourceLocation: location)
}

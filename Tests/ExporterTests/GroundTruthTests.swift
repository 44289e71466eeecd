import Collectors
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("What kube-proxy was told is what the metrics say")
struct GroundTruthTests {
  @Test("Of a dump read as a file", arguments: NodeState.all)
  func file(_ state: NodeState) async throws {
    let metrics = try await Exporter(steps: [state.read()]).metrics()
    try expectTruth(metrics, state)
  }

  @Test(
    "Of the kernel's tables, states of a node written one over the other", .liveKernel,
    arguments: NodeHistory.all, Backend.allCases)
  func kernel(_ history: NodeHistory, _ backend: Backend) async throws {
    try await expectTruth(of: history.steps, backend)
  }

  @Test(
    "Of the kernel's tables, all nodes' states written one over the other", .liveKernel,
    arguments: Backend.allCases)
  func kernelOfAllNodes(_ backend: Backend) async throws {
    try await expectTruth(of: NodeState.all, backend)
  }

  private func expectTruth(of states: [NodeState], _ backend: Backend) async throws {
    let readings = try withNetworkNamespace {
      let source = backend.source(tables: Set(TableName.allCases))
      return try states.map { try $0.readFromKernel(source, backend) }
    }
    let exporter = Exporter(steps: readings)
    for state in states { try expectTruth(await exporter.metrics(), state) }
  }

  private func expectTruth(
    _ metrics: Scrape, _ state: NodeState, at location: SourceLocation = #_sourceLocation
  ) throws {
    let truth = try state.groundTruth
    for family in state.families {
      let expected = truth.expectations(family)
      let found = metrics.expectations(family)
      #expect(Set(found.keys) == Set(expected.keys), "\(state)", sourceLocation: location)
      for (service, expectation) in expected where found[service] != expectation {
        Issue.record(
          "\(state): \(service): \(String(describing: found[service])), told \(expectation)",
          sourceLocation: location)
      }
      #expect(
        metrics["iptables_services", ["ip_family": family.rawValue]] == Double(expected.count),
        sourceLocation: location)
    }
    guard let told = truth.rules else { return }
    // A table that no dump of this node has may be left from another node.
    let tables = SaveText(try state.fixtures[0].bytes()).tables.keys
    let rules = tables.reduce(0) {
      $0 + metrics.sum("iptables_rules", where: ["ip_family": "IPv4", "table": $1])
    }
    #expect(rules == Double(told), sourceLocation: location)
  }
}

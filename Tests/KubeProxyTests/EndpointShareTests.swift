import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("What each endpoint gets")
struct EndpointShareTests {
  @Test("kube-proxy gives every endpoint of a chain the same", arguments: Fixture.all)
  func realNode(_ fixture: Fixture) throws {
    let snapshot = try fixture.snapshot()
    let map = ServiceMap(snapshot)
    for chain in map.services.indices.flatMap(map.serviceChains) {
      let shares = chain.endpoints.map(\.share)
      #expect(shares.isEmpty || abs(shares.reduce(0, +) - 1) < 1e-12, "\(chain.chain)")
      let equal = 1 / Double(shares.count)
      #expect(shares.allSatisfy { abs($0 - equal) < 2e-9 }, "\(chain.chain): \(shares)")
      #expect(chain.endpoints.allSatisfy { $0.destinations.count == 1 })
      let content = try #require(snapshot.table(.nat)?.content)
      #expect(content.chains[chain.chainIndex].name == chain.chain)
      for endpoint in chain.endpoints {
        #expect(endpoint.chainIndex.map { content.chains[$0].name } == endpoint.chain)
      }
    }
  }

  @Test("The endpoints are those that kube-proxy was told", arguments: Fixture.all)
  func endpoints(_ fixture: Fixture) throws {
    let map = try ServiceMap(fixture.snapshot())
    let truth = try fixture.groundTruth()
    for told in truth.servicePorts where !told.endpointsInUse(fixture.family).isEmpty {
      guard
        let index = map.services.firstIndex(where: {
          $0.port.namespace == told.namespace && $0.port.name == told.name
            && $0.port.port == told.portName
            && $0.port.transport.rawValue.lowercased() == told.transport
        })
      else { continue }
      for chain in map.serviceChains(ofServiceAt: index) {
        let found = Set(chain.endpoints.flatMap(\.destinations).map(\.description))
        let expected =
          chain.chain.hasPrefix("KUBE-SVC-")
          ? told.endpointsInUse(fixture.family) : told.localEndpoints(fixture.family)
        // Without a ready one on the node, those that serve while they terminate stand in.
        if expected.isEmpty { continue }
        #expect(found == expected, "\(told.namespace)/\(told.name) \(chain.chain)")
      }
    }
  }

  @Test("What rules really come to", arguments: ShareExample.all)
  func example(_ example: ShareExample) throws {
    let map = try ServiceMap(example.ruleset.snapshot())
    let found = map.serviceChains(ofServiceAt: 0).map { chain in
      let endpoints = chain.endpoints.map { endpoint in
        let destinations = endpoint.destinations.map(\.description)
        return ([ShareExample.text(of: endpoint.share)] + destinations).joined(separator: " ")
      }
      let family = chain.chain.description.dropFirst(5).prefix(3)
      return "\(family): " + endpoints.joined(separator: ", ")
    }
    #expect(found == example.chains)
  }

  @Test("What is blocked has no chain, nor has anything where there is no table")
  func noChain() throws {
    let filter = """
      -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web has no endpoints" -m tcp --dport 80 -j REJECT
      """
    for nat in [nil, "-A KUBE-SERVICES -j KUBE-NODEPORTS"] {
      let map = try ServiceMap(RulesetText(nat: nat, filter: filter).snapshot())
      #expect(map.services.count == 1)
      #expect(map.serviceChains(ofServiceAt: 0).isEmpty)
    }
  }

  @Test("Those of one service port are not another's")
  func twoServices() throws {
    let map = try ServiceMap(
      RulesetText(
        nat: """
          -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
          -A KUBE-SERVICES -d 10.96.0.8/32 -p tcp -m comment --comment "shop/cart cluster IP" -m tcp --dport 80 -j KUBE-SVC-N5W5PH5NLY2BP4HG
          -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-6Y64NGU6GYXT5LIA
          -A KUBE-SVC-N5W5PH5NLY2BP4HG -j KUBE-SEP-2KA2JGVS2H3L7CFV
          """
      ).snapshot())
    #expect(map.services.map(\.port.name) == ["cart", "web"])
    #expect(map.serviceChains(ofServiceAt: 0).map(\.chain) == ["KUBE-SVC-N5W5PH5NLY2BP4HG"])
    #expect(map.serviceChains(ofServiceAt: 1).map(\.chain) == ["KUBE-SVC-E3PXEPMWAWIUT6ZV"])
  }
}

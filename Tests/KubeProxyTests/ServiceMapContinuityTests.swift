import KubeProxy
import Netfilter
import TestSupport
import Testing

@Suite("What is known of an earlier reading changes nothing")
struct ServiceMapContinuityTests {
  @Test("Whatever happens to the rules", arguments: 0..<32)
  func randomWalk(_ seed: Int) {
    var rules = RandomRuleset(seed: UInt64(seed))
    var last = ServiceMap(nat: nil, filter: nil)
    var earlier: [(map: ServiceMap, nat: TableContent?)] = [(last, nil)]
    for step in 0..<40 {
      rules.step()
      // Now and then a table is absent, or an older state comes back.
      let isOld = rules.chance(5)
      let nat =
        rules.chance(3) ? nil : isOld ? rules.pick(earlier)?.nat : rules.natContent
      let filter = rules.chance(5) ? nil : rules.filterContent
      let base = rules.chance(15) ? rules.number(0..<earlier.count) : earlier.count - 1
      let fresh = ServiceMap(nat: nat, filter: filter)
      last = ServiceMap(nat: nat, filter: filter, previous: earlier[base].map)
      let comment: Comment = "seed \(seed), step \(step)"
      expectSame(last, fresh, nat, filter, comment)
      expectSamePorts(last, earlier[base].map, comment)
      earlier.append((last, nat))
      if step == 39 { expectConsistent(last, nat, filter) }
    }
  }

  @Test("Nor where it tempts to a false conclusion", arguments: RulesetHistory.all)
  func history(_ history: RulesetHistory) throws {
    expectContinuity(
      try history.states.enumerated().map { ("state \($0)", try $1.snapshot()) })
  }

  @Test("Nor in the states of real nodes", arguments: Self.directories)
  func realNodes(_ directory: String) throws {
    let fixtures = Fixture.all.filter { $0.name.hasPrefix(directory) }
    #expect(!fixtures.isEmpty)
    expectContinuity(try fixtures.map { ("\($0)", try $0.snapshot()) })
  }

  static let directories = Set(Fixture.all.map { $0.name.prefix { $0 != "/" } + "/" }).map(
    String.init
  ).sorted()

  /// Expects each state's map to be what it is without the one before.
  private func expectContinuity(_ states: [(name: Comment, snapshot: FamilySnapshot)]) {
    var last: ServiceMap?
    for state in states {
      let map = ServiceMap(state.snapshot, previous: last)
      let tables = [TableName.nat, .filter].map { state.snapshot.table($0)?.content }
      expectSame(map, ServiceMap(state.snapshot), tables[0], tables[1], state.name)
      if let last { expectSamePorts(map, last, state.name) }
      last = map
    }
  }

  /// Expects all that tables say to be equal.
  private func expectSame(
    _ map: ServiceMap, _ fresh: ServiceMap, _ nat: TableContent?, _ filter: TableContent?,
    _ comment: Comment
  ) {
    #expect(map.services == fresh.services, comment)
    #expect(map.owners(in: nat) == fresh.owners(in: nat), comment)
    #expect(map.owners(in: filter) == fresh.owners(in: filter), comment)
    #expect(map.connectionRules == fresh.connectionRules, comment)
    #expect(map.fingerprint(filter: filter) == fresh.fingerprint(filter: filter), comment)
    #expect(map.orphanPositions == fresh.orphanPositions, comment)
    #expect(map.unnamed == fresh.unnamed, comment)
    #expect(map.endpointsElsewhere == fresh.endpointsElsewhere, comment)
    #expect(
      map.services.indices.map(map.serviceChains)
        == fresh.services.indices.map(fresh.serviceChains),
      comment)
    #expect(
      map.connectionRules.map(map.destination) == fresh.connectionRules.map(fresh.destination),
      comment)
    let chains = (nat?.chains ?? []).enumerated()
    #expect(
      chains.map { ChainFacts(map, $0, $1) } == chains.map { ChainFacts(fresh, $0, $1) }, comment)
  }

  /// Expects what is said of the map before to be true.
  private func expectSamePorts(_ map: ServiceMap, _ former: ServiceMap, _ comment: Comment) {
    let isSame = map.services.map(\.port) == former.services.map(\.port)
    #expect(map.hasSamePorts(as: former) == isSame, comment)
  }
}

/// All that a map says of one chain of nat.
private struct ChainFacts: Equatable {
  let targets: [Int32]
  let servicePort: ServicePort?
  let claimedServicePort: ServicePort?
  let isProvenEndpoint: Bool
  /// For each rule with a comment, whether that contradicts the chain's name.
  let contradictions: [Bool]

  init(_ map: ServiceMap, _ index: Int, _ chain: Chain) {
    targets = Array(map.graph[index])
    servicePort = map.servicePort(ofChainAt: index)
    claimedServicePort = map.claimedServicePort(ofChainAt: index)
    isProvenEndpoint = map.isProvenEndpoint(index)
    contradictions = chain.rules.indices.compactMap { position in
      let line = chain.rules.line(at: position)
      guard let range = RuleOutline.comment(in: line.span) else { return nil }
      let comment = line.span.extracting(range)
      return switch ChainRole(chain.name) {
      case .service(.endpoint, _): map.contradictsEndpoint(comment, chain: index)
      case .service(_, let hash): map.contradicts(comment, hash)
      default: false
      }
    }
  }
}

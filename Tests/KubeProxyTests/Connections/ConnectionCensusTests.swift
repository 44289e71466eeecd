import Netfilter
import TestSupport
import Testing

@testable import KubeProxy

@Suite("What a dump of the connection table shows")
struct ConnectionCensusTests {
  private static let nat = """
    -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
    -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-6Y64NGU6GYXT5LIA
    -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
    -A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "shop/dns cluster IP" -m udp --dport 53 -j KUBE-SVC-\(chainHashText(of: "shop/dnsudp"))
    -A KUBE-SVC-\(chainHashText(of: "shop/dnsudp")) -j KUBE-SEP-\(chainHashText(of: "shop/dnsudp10.0.0.3:53"))
    -A KUBE-SEP-\(chainHashText(of: "shop/dnsudp10.0.0.3:53")) -p udp -m udp -j DNAT --to-destination 10.0.0.3:53
    -A KUBE-SERVICES -d 10.96.0.11/32 -p sctp -m comment --comment "shop/sig cluster IP" -m sctp --dport 9 -j KUBE-SVC-\(chainHashText(of: "shop/sigsctp"))
    -A KUBE-SVC-\(chainHashText(of: "shop/sigsctp")) -j KUBE-SEP-\(chainHashText(of: "shop/sigsctp10.0.0.4:9"))
    -A KUBE-SEP-\(chainHashText(of: "shop/sigsctp10.0.0.4:9")) -p sctp -m sctp -j DNAT --to-destination 10.0.0.4:9
    """

  private let destinations: ServiceDestinations

  init() throws {
    let content = try RulesetText(nat: Self.nat).snapshot().table(.nat)?.content
    destinations = ServiceDestinations(
      ServiceMap(nat: content, filter: nil), nat: content, filter: nil)
  }

  private func census(
    former: ConnectionTraffic = ConnectionTraffic(), elapsed: Double = 0
  ) -> ConnectionCensus {
    ConnectionCensus(destinations, isLocal: { _ in false }, former: former, elapsed: elapsed)
  }

  @Test("Counts the connections of each endpoint, and the stale ones by where they go")
  func counts() throws {
    var census = census()
    for port in 1...10 as ClosedRange<UInt16> {
      #expect(census.take(try .tcp(port, to: "10.0.0.1")) == nil)
    }
    for port in 1...3 as ClosedRange<UInt16> {
      let stale = try #require(census.take(try .tcp(port, to: "10.0.0.2", isReplied: port > 1)))
      #expect(stale.endpoint.description == "10.0.0.2:80")
    }
    _ = census.take(try .udp(1, to: "10.0.0.5"))
    // To no service port.
    #expect(census.take(try .udp(1, to: "10.0.0.5", asking: "10.96.0.9")) == nil)
    #expect(census.connections.reduce(0, +) == 10)
    #expect(census.stale.count == 2)
    let totals = census.stale.values.reduce(into: StaleCounts()) { $0 += $1 }
    #expect([totals.unreplied, totals.replied, totals.blackholed, totals.total] == [2, 2, 0, 4])
    #expect(census.takeTraffic().count == 4)
  }

  @Test(
    "A connection that carries packets and gets no answer is blackholed",
    arguments: ConnectionPair.all)
  func blackholed(_ pair: ConnectionPair) throws {
    var first = census()
    if let then = pair.then { _ = first.take(try then.connection()) }
    // Others don't matter.
    for port in 2...20 as ClosedRange<UInt16> { _ = first.take(try pair.now.connection(port)) }
    var second = census(former: first.takeTraffic(), elapsed: pair.elapsed)
    #expect(second.take(try pair.now.connection()) != nil)
    let counts = try #require(second.stale.values.first)
    #expect(counts.total == 1)
    #expect(counts.blackholed == (pair.isBlackholed ? 1 : 0))
  }

  @Test("An entry that nothing renewed is never taken for renewed, whenever it is read")
  func roundedTimeouts() throws {
    var random = SplitMix64(seed: 15)
    for _ in 0..<20_000 {
      // The kernel cuts off what is left of a second; each dump reads the entry at any time while it lasts.
      let left = Double.random(in: 31...120, using: &random)
      let duration = Double.random(in: 0...2, using: &random)
      let pause = Double.random(in: 0...28, using: &random)
      let read = Double.random(in: 0...duration, using: &random)
      let again = Double.random(in: 0...duration, using: &random)
      let later = left - (duration - read) - pause - again
      guard later >= 0 else { continue }
      var first = census()
      _ = first.take(try ConnectionPair.Sight.udp(UInt32(left)).connection())
      var second = census(former: first.takeTraffic(), elapsed: pause)
      _ = second.take(try ConnectionPair.Sight.udp(UInt32(later)).connection())
      #expect(second.stale.values.first?.blackholed == 0, "\(left) \(later) \(pause)")
    }
  }

  @Test("At most 100,000 connections are compared, and all are counted")
  func limit() throws {
    let places = (try IPAddress.parse("10.96.0.10"), try IPAddress.parse("10.0.0.99"))
    let connection = { (number: Int) in
      TranslatedConnection(
        ipProtocol: 17, client: IPAddress(ipv4: UInt32(0x0af4_0000 + number / 60_000)),
        clientPort: UInt16(number % 60_000), destination: places.0, destinationPort: 53,
        endpoint: places.1, endpointPort: 53, isReplied: true, timeout: 119)
    }
    let count = ConnectionCensus.mostCompared + 1000
    var first = census()
    for number in 0..<count { _ = first.take(connection(number)) }
    let traffic = first.takeTraffic()
    #expect(traffic.count == ConnectionCensus.mostCompared)
    var second = census(former: traffic, elapsed: 30)
    for number in (0..<count).reversed() { _ = second.take(connection(number)) }
    let counts = try #require(second.stale.values.first)
    #expect(counts.replied == count)
    #expect(counts.blackholed == ConnectionCensus.mostCompared)
  }
}

extension TranslatedConnection {
  fileprivate static func tcp(
    _ port: UInt16, to endpoint: String, isReplied: Bool = true
  ) throws -> TranslatedConnection {
    TranslatedConnection(
      ipProtocol: 6, client: try .parse("10.244.0.9"), clientPort: port,
      destination: try .parse("10.96.0.9"), destinationPort: 80, endpoint: try .parse(endpoint),
      endpointPort: 80, isReplied: isReplied, timeout: 86_400)
  }

  fileprivate static func udp(
    _ port: UInt16, to endpoint: String, asking destination: String = "10.96.0.10"
  ) throws -> TranslatedConnection {
    TranslatedConnection(
      ipProtocol: 17, client: try .parse("10.244.0.9"), clientPort: port,
      destination: try .parse(destination), destinationPort: 53, endpoint: try .parse(endpoint),
      endpointPort: 53, isReplied: false, timeout: 29)
  }
}

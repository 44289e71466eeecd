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
    #expect(census.traffic.count == 4)
  }

  /// A connection at two dumps, with so many seconds from the end of the one to the beginning of the other.
  struct Pair: CustomTestStringConvertible {
    let testDescription: String
    let then: Sight?
    let now: Sight
    var elapsed = 30.0
    let isBlackholed: Bool
  }

  struct Sight {
    var ipProtocol: UInt8 = 17
    var isReplied = true
    var timeout: UInt32?
    var packets: (UInt64, UInt64)?
    /// Nil where the kernel doesn't say.
    var tcp: (isClosing: Bool, isUnacknowledged: Bool)?

    func connection(_ port: UInt16 = 1) throws -> TranslatedConnection {
      let packets = self.packets.map { TranslatedConnection.Packets(sent: $0.0, answered: $0.1) }
      let tcp = self.tcp.map {
        TranslatedConnection.TCP(isClosing: $0.isClosing, isUnacknowledged: $0.isUnacknowledged)
      }
      let (asked, port53): (String, UInt16) =
        switch ipProtocol {
        case 6: ("10.96.0.9", 80)
        case 17: ("10.96.0.10", 53)
        default: ("10.96.0.11", 9)
        }
      return TranslatedConnection(
        ipProtocol: ipProtocol, client: try .parse("10.244.0.9"), clientPort: port,
        destination: try .parse(asked), destinationPort: port53,
        endpoint: try .parse("10.0.0.99"), endpointPort: port53, isReplied: isReplied,
        timeout: timeout, packets: packets, tcp: tcp)
    }

    static func udp(_ timeout: UInt32?, isReplied: Bool = true, _ packets: (UInt64, UInt64)? = nil)
      -> Sight
    {
      Sight(isReplied: isReplied, timeout: timeout, packets: packets)
    }

    static func tcp(
      _ timeout: UInt32?, unacknowledged: Bool = true, closing: Bool = false,
      isReplied: Bool = true, _ packets: (UInt64, UInt64)? = nil
    ) -> Sight {
      Sight(
        ipProtocol: 6, isReplied: isReplied, timeout: timeout, packets: packets,
        tcp: (closing, unacknowledged))
    }

    static func sctp(
      _ timeout: UInt32, isReplied: Bool = true, _ packets: (UInt64, UInt64)? = nil
    ) -> Sight {
      Sight(ipProtocol: 132, isReplied: isReplied, timeout: timeout, packets: packets)
    }
  }

  static let pairs: [Pair] =
    counted + uncountedUDP + uncountedTCP + [
      // SCTP: 210 seconds (days before 6.2), renewed by heartbeats from both, every 30 seconds.
      Pair(
        testDescription: "SCTP whose heartbeats go on", then: .sctp(209), now: .sctp(208),
        isBlackholed: false),
      Pair(
        testDescription: "SCTP that never had an answer, and sends its INIT again",
        then: .sctp(2, isReplied: false), now: .sctp(2, isReplied: false), isBlackholed: true),
      Pair(
        testDescription: "SCTP whose counters show that nobody answers",
        then: .sctp(209, (3, 2)), now: .sctp(209, (5, 2)), isBlackholed: true),
    ]

  private static let counted = [
    Pair(
      testDescription: "Counted: sent and not answered", then: .udp(119, (10, 4)),
      now: .udp(119, (20, 4)), isBlackholed: true),
    Pair(
      testDescription: "Counted: sent and answered", then: .udp(119, (10, 4)),
      now: .udp(119, (20, 5)), isBlackholed: false),
    Pair(
      testDescription: "Counted: nothing sent", then: .udp(119, (10, 4)),
      now: .udp(89, (10, 4)), isBlackholed: false),
    Pair(
      testDescription: "Counted: beyond 32 bits", then: .udp(119, (0xffff_ffff, 1 << 32)),
      now: .udp(119, (0x1_0000_0005, 1 << 32)), isBlackholed: true),
    Pair(
      testDescription: "Counted: TCP that is acknowledged, though not answered",
      then: .tcp(431_000, unacknowledged: false, (10, 4)),
      now: .tcp(431_990, unacknowledged: false, (11, 5)), isBlackholed: false),
    Pair(
      testDescription: "Counted: TCP that sends again", then: .tcp(295, (10, 4)),
      now: .tcp(280, (12, 4)), isBlackholed: true),
    Pair(
      testDescription: "Counted: TCP that is being closed", then: .tcp(295, (10, 4)),
      now: .tcp(110, closing: true, (12, 4)), isBlackholed: false),
    Pair(
      testDescription: "Counted now, and not at the dump before", then: .udp(119),
      now: .udp(119, (20, 4)), isBlackholed: true),
    Pair(
      testDescription: "Counted, and new", then: nil, now: .udp(29, (1, 0)), isBlackholed: false),
  ]

  private static let uncountedUDP = [
    // Without an answer: 30 seconds from each packet on. With one: the same for two seconds, then 120.
    Pair(
      testDescription: "UDP that sends each second", then: .udp(119), now: .udp(119),
      isBlackholed: true),
    Pair(
      testDescription: "UDP without an answer that sends each second",
      then: .udp(29, isReplied: false), now: .udp(29, isReplied: false), isBlackholed: true),
    Pair(
      testDescription: "UDP that has sent once more", then: .udp(119), now: .udp(95),
      isBlackholed: true),
    Pair(
      testDescription: "UDP that has sent once more, at once", then: .udp(119), now: .udp(90),
      isBlackholed: true),
    Pair(
      testDescription: "UDP that has stopped", then: .udp(119), now: .udp(89), isBlackholed: false),
    Pair(
      testDescription: "UDP that has stopped, cut down in another way", then: .udp(119),
      now: .udp(89), elapsed: 29.02, isBlackholed: false),
    Pair(
      testDescription: "UDP that has stopped, by a dump that took half a second", then: .udp(119),
      now: .udp(89), elapsed: 29.5, isBlackholed: false),
    Pair(
      testDescription: "UDP that had been silent and sends again", then: .udp(3), now: .udp(100),
      isBlackholed: true),
    Pair(
      testDescription: "UDP that sends, two seconds later", then: .udp(119), now: .udp(119),
      elapsed: 1.99, isBlackholed: true),
    Pair(
      testDescription: "A single second shows nothing", then: .udp(119), now: .udp(119),
      elapsed: 0.99, isBlackholed: false),
    Pair(testDescription: "UDP that is new", then: nil, now: .udp(29), isBlackholed: false),
    Pair(
      testDescription: "UDP in a flow table, of which no timeout is known", then: .udp(nil),
      now: .udp(nil), isBlackholed: false),
    Pair(
      testDescription: "UDP that has left a flow table", then: .udp(nil), now: .udp(119),
      isBlackholed: false),
  ]

  private static let uncountedTCP = [
    // Established: 5 days, or what kube-proxy sets, from each packet on. With something unacknowledged, or
    // after three retransmissions: 300 seconds.
    Pair(
      testDescription: "TCP that is acknowledged", then: .tcp(431_000, unacknowledged: false),
      now: .tcp(431_990, unacknowledged: false), isBlackholed: false),
    Pair(
      testDescription: "TCP that is acknowledged, by kube-proxy's timeout of a day",
      then: .tcp(86_300, unacknowledged: false), now: .tcp(86_399, unacknowledged: false),
      isBlackholed: false),
    Pair(
      testDescription: "TCP that is acknowledged, by a timeout of minutes",
      then: .tcp(280, unacknowledged: false), now: .tcp(290, unacknowledged: false),
      isBlackholed: false),
    Pair(
      testDescription: "TCP that sends again and again", then: .tcp(296), now: .tcp(285),
      isBlackholed: true),
    Pair(
      testDescription: "TCP that sends an endless stream, which is acknowledged behind it",
      then: .tcp(299), now: .tcp(299), isBlackholed: false),
    Pair(
      testDescription: "TCP that has begun to send and is not acknowledged yet",
      then: .tcp(431_000, unacknowledged: false), now: .tcp(290), isBlackholed: false),
    Pair(
      testDescription: "TCP that has sent nothing again", then: .tcp(285), now: .tcp(255),
      isBlackholed: false),
    Pair(
      testDescription: "TCP that never had an answer, and sends its SYN again",
      then: .tcp(110, unacknowledged: true, isReplied: false),
      now: .tcp(112, unacknowledged: true, isReplied: false), isBlackholed: true),
    Pair(
      testDescription: "TCP of which the kernel doesn't say how it is doing",
      then: Sight(ipProtocol: 6, timeout: 290), now: Sight(ipProtocol: 6, timeout: 290),
      isBlackholed: false),
    Pair(
      testDescription: "TCP that is being closed: FIN_WAIT to TIME_WAIT",
      then: .tcp(100, closing: true), now: .tcp(118, closing: true), isBlackholed: false),
    Pair(
      testDescription: "TCP that one has closed: an hour of CLOSE_WAIT, as kube-proxy sets it",
      then: .tcp(290), now: .tcp(3590, closing: true), isBlackholed: false),
  ]

  @Test("A connection that carries packets and gets no answer is blackholed", arguments: pairs)
  func blackholed(_ pair: Pair) throws {
    var first = census()
    if let then = pair.then { _ = first.take(try then.connection()) }
    // Others don't matter.
    for port in 2...20 as ClosedRange<UInt16> { _ = first.take(try pair.now.connection(port)) }
    var second = census(former: first.traffic, elapsed: pair.elapsed)
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
      _ = first.take(try Sight.udp(UInt32(left)).connection())
      var second = census(former: first.traffic, elapsed: pause)
      _ = second.take(try Sight.udp(UInt32(later)).connection())
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
    #expect(first.traffic.count == ConnectionCensus.mostCompared)
    var second = census(former: first.traffic, elapsed: 30)
    for number in (0..<count).reversed() { _ = second.take(connection(number)) }
    let counts = try #require(second.stale.values.first)
    #expect(counts.replied == count)
    #expect(counts.blackholed == ConnectionCensus.mostCompared)
  }
}

extension IPAddress {
  fileprivate static func parse(_ text: String) throws -> IPAddress {
    try #require(IPAddress(text))
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

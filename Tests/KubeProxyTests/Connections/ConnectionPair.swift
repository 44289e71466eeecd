import Netfilter
import Testing

@testable import KubeProxy

/// A connection at two dumps, with so many seconds from the end of the one to the beginning of the other.
struct ConnectionPair: CustomTestStringConvertible {
  let testDescription: String
  let then: Sight?
  let now: Sight
  var elapsed = 30.0
  let isBlackholed: Bool

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
}

extension ConnectionPair {
  static let all: [ConnectionPair] =
    counted + uncountedUDP + uncountedTCP + [
      // SCTP: 210 seconds (days before 6.2), renewed by heartbeats from both, every 30 seconds.
      ConnectionPair(
        testDescription: "SCTP whose heartbeats go on", then: .sctp(209), now: .sctp(208),
        isBlackholed: false),
      ConnectionPair(
        testDescription: "SCTP that never had an answer, and sends its INIT again",
        then: .sctp(2, isReplied: false), now: .sctp(2, isReplied: false), isBlackholed: true),
      ConnectionPair(
        testDescription: "SCTP whose counters show that nobody answers",
        then: .sctp(209, (3, 2)), now: .sctp(209, (5, 2)), isBlackholed: true),
    ]

  private static let counted = [
    ConnectionPair(
      testDescription: "Counted: sent and not answered", then: .udp(119, (10, 4)),
      now: .udp(119, (20, 4)), isBlackholed: true),
    ConnectionPair(
      testDescription: "Counted: sent and answered", then: .udp(119, (10, 4)),
      now: .udp(119, (20, 5)), isBlackholed: false),
    ConnectionPair(
      testDescription: "Counted: nothing sent", then: .udp(119, (10, 4)),
      now: .udp(89, (10, 4)), isBlackholed: false),
    ConnectionPair(
      testDescription: "Counted: beyond 32 bits", then: .udp(119, (0xffff_ffff, 1 << 32)),
      now: .udp(119, (0x1_0000_0005, 1 << 32)), isBlackholed: true),
    ConnectionPair(
      testDescription: "Counted: TCP that is acknowledged, though not answered",
      then: .tcp(431_000, unacknowledged: false, (10, 4)),
      now: .tcp(431_990, unacknowledged: false, (11, 5)), isBlackholed: false),
    ConnectionPair(
      testDescription: "Counted: TCP that sends again", then: .tcp(295, (10, 4)),
      now: .tcp(280, (12, 4)), isBlackholed: true),
    ConnectionPair(
      testDescription: "Counted: TCP that is being closed", then: .tcp(295, (10, 4)),
      now: .tcp(110, closing: true, (12, 4)), isBlackholed: false),
    ConnectionPair(
      testDescription: "Counted now, and not at the dump before", then: .udp(119),
      now: .udp(119, (20, 4)), isBlackholed: true),
    ConnectionPair(
      testDescription: "Counted, and new", then: nil, now: .udp(29, (1, 0)), isBlackholed: false),
  ]

  private static let uncountedUDP = [
    // Without an answer: 30 seconds from each packet on. With one: the same for two seconds, then 120.
    ConnectionPair(
      testDescription: "UDP that sends each second", then: .udp(119), now: .udp(119),
      isBlackholed: true),
    ConnectionPair(
      testDescription: "UDP without an answer that sends each second",
      then: .udp(29, isReplied: false), now: .udp(29, isReplied: false), isBlackholed: true),
    ConnectionPair(
      testDescription: "UDP that has sent once more", then: .udp(119), now: .udp(95),
      isBlackholed: true),
    ConnectionPair(
      testDescription: "UDP that has sent once more, at once", then: .udp(119), now: .udp(90),
      isBlackholed: true),
    ConnectionPair(
      testDescription: "UDP that has stopped", then: .udp(119), now: .udp(89), isBlackholed: false),
    ConnectionPair(
      testDescription: "UDP that has stopped, cut down in another way", then: .udp(119),
      now: .udp(89), elapsed: 29.02, isBlackholed: false),
    ConnectionPair(
      testDescription: "UDP that has stopped, by a dump that took half a second", then: .udp(119),
      now: .udp(89), elapsed: 29.5, isBlackholed: false),
    ConnectionPair(
      testDescription: "UDP that had been silent and sends again", then: .udp(3), now: .udp(100),
      isBlackholed: true),
    ConnectionPair(
      testDescription: "UDP that sends, two seconds later", then: .udp(119), now: .udp(119),
      elapsed: 1.99, isBlackholed: true),
    ConnectionPair(
      testDescription: "A single second shows nothing", then: .udp(119), now: .udp(119),
      elapsed: 0.99, isBlackholed: false),
    ConnectionPair(
      testDescription: "UDP that is new", then: nil, now: .udp(29), isBlackholed: false),
    ConnectionPair(
      testDescription: "UDP in a flow table, of which no timeout is known", then: .udp(nil),
      now: .udp(nil), isBlackholed: false),
    ConnectionPair(
      testDescription: "UDP that has left a flow table", then: .udp(nil), now: .udp(119),
      isBlackholed: false),
  ]

  private static let uncountedTCP = [
    // Established: 5 days, or what kube-proxy sets, from each packet on. With something unacknowledged, or
    // after three retransmissions: 300 seconds.
    ConnectionPair(
      testDescription: "TCP that is acknowledged", then: .tcp(431_000, unacknowledged: false),
      now: .tcp(431_990, unacknowledged: false), isBlackholed: false),
    ConnectionPair(
      testDescription: "TCP that is acknowledged, by kube-proxy's timeout of a day",
      then: .tcp(86_300, unacknowledged: false), now: .tcp(86_399, unacknowledged: false),
      isBlackholed: false),
    ConnectionPair(
      testDescription: "TCP that is acknowledged, by a timeout of minutes",
      then: .tcp(280, unacknowledged: false), now: .tcp(290, unacknowledged: false),
      isBlackholed: false),
    ConnectionPair(
      testDescription: "TCP that sends again and again", then: .tcp(296), now: .tcp(285),
      isBlackholed: true),
    ConnectionPair(
      testDescription: "TCP that sends an endless stream, which is acknowledged behind it",
      then: .tcp(299), now: .tcp(299), isBlackholed: false),
    ConnectionPair(
      testDescription: "TCP that has begun to send and is not acknowledged yet",
      then: .tcp(431_000, unacknowledged: false), now: .tcp(290), isBlackholed: false),
    ConnectionPair(
      testDescription: "TCP that has sent nothing again", then: .tcp(285), now: .tcp(255),
      isBlackholed: false),
    ConnectionPair(
      testDescription: "TCP that never had an answer, and sends its SYN again",
      then: .tcp(110, unacknowledged: true, isReplied: false),
      now: .tcp(112, unacknowledged: true, isReplied: false), isBlackholed: true),
    ConnectionPair(
      testDescription: "TCP of which the kernel doesn't say how it is doing",
      then: Sight(ipProtocol: 6, timeout: 290), now: Sight(ipProtocol: 6, timeout: 290),
      isBlackholed: false),
    ConnectionPair(
      testDescription: "TCP that is being closed: FIN_WAIT to TIME_WAIT",
      then: .tcp(100, closing: true), now: .tcp(118, closing: true), isBlackholed: false),
    ConnectionPair(
      testDescription: "TCP that one has closed: an hour of CLOSE_WAIT, as kube-proxy sets it",
      then: .tcp(290), now: .tcp(3590, closing: true), isBlackholed: false),
  ]
}

extension IPAddress {
  static func parse(_ text: String) throws -> IPAddress {
    try #require(IPAddress(text))
  }
}

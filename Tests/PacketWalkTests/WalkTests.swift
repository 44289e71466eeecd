import IPTablesSource
import Netfilter
import PacketWalk
import TestSupport
import Testing

/// The walk against rules that were written by hand.
@Suite struct WalkTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var nat = ""
    var filter = ""
    var destination = "10.96.0.10"
    var port: UInt16 = 53
    var ipProtocol: UInt8 = 17
    var origin = PacketOrigin.outside
    /// Each end, its odds in percent, `?` where it assumes something, and where the packet goes.
    let ends: [String]

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "no rules", ends: ["sent 100 10.96.0.10:53"]),
    Case(
      name: "a translation, by way of chains",
      nat: """
        -A PREROUTING -j KUBE-SERVICES
        -A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-A
        -A KUBE-SVC-A -j DNAT --to-destination 10.244.0.2:5353
        """, ends: ["sent 100 10.244.0.2:5353"]),
    Case(
      name: "shares",
      nat: """
        -A PREROUTING -m statistic --mode random --probability 0.25000000000 -j DNAT --to-destination 10.0.0.1
        -A PREROUTING -j DNAT --to-destination 10.0.0.2
        """, ends: ["sent 75 10.0.0.2:53", "sent 25 10.0.0.1:53"]),
    Case(
      name: "every third",
      nat: "-A PREROUTING -m statistic --mode nth --every 4 -j DNAT --to-destination 10.0.0.1",
      ends: ["sent 75 10.96.0.10:53", "sent 25 10.0.0.1:53"]),
    Case(
      name: "what is not known goes both ways",
      filter: "-A FORWARD -m set --match-set some src -j DROP",
      ends: ["dropped? 100 10.96.0.10:53", "sent? 100 10.96.0.10:53"]),
    Case(
      name: "what is not known, and doesn't matter",
      filter: """
        -A FORWARD -m set --match-set some src -j LOG
        -A FORWARD -m limit --limit 3/hour -j KUBE-EMPTY
        """, ends: ["sent 100 10.96.0.10:53"]),
    Case(
      name: "a return, and a goto",
      filter: """
        -A FORWARD -j KUBE-A
        -A FORWARD -j REJECT --reject-with icmp-port-unreachable
        -A KUBE-A -g KUBE-B
        -A KUBE-A -j DROP
        -A KUBE-B -j RETURN
        -A KUBE-B -j DROP
        """, ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "a goto in a built-in chain ends in the policy",
      filter: """
        -A FORWARD -g KUBE-A
        -A FORWARD -j DROP
        """, ends: ["sent 100 10.96.0.10:53"]),
    Case(
      name: "a mark that is set and asked for",
      nat: "-A PREROUTING -j MARK --set-xmark 0x4000/0x4000",
      filter: """
        -A FORWARD -m mark ! --mark 0x4000/0x4000 -j DROP
        -A FORWARD -m mark --mark 0x4000/0xc000 -j REJECT --reject-with icmp-port-unreachable
        """, ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "a mark that a connection keeps",
      nat: """
        -A PREROUTING -j MARK --set-xmark 0x2a/0xffffffff
        -A PREROUTING -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
        -A PREROUTING -j MARK --set-xmark 0x0/0xffffffff
        """,
      filter: """
        -A FORWARD -m mark ! --mark 0x0 -j ACCEPT
        -A FORWARD -m connmark --mark 0x2a -j DROP
        """, ends: ["dropped 100 10.96.0.10:53"]),
    Case(
      name: "a mark that nobody knows",
      nat: "-A PREROUTING -j HMARK --hmark-mod 2 --hmark-offset 1 --hmark-rnd 0x1",
      filter: "-A FORWARD -m mark --mark 0x1/0x1 -j DROP",
      ends: ["dropped? 100 10.96.0.10:53", "sent? 100 10.96.0.10:53"]),
    Case(
      name: "the state of a new connection",
      filter: """
        -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A FORWARD -m conntrack --ctstate INVALID -j ACCEPT
        -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT
        -A FORWARD -m conntrack --ctstate NEW,UNTRACKED -j DROP
        """, ends: ["dropped 100 10.96.0.10:53"]),
    Case(
      name: "the state of a translated connection",
      nat: "-A PREROUTING -j DNAT --to-destination 10.0.0.1:53",
      filter: """
        -A FORWARD -m conntrack ! --ctstate DNAT -j DROP
        -A FORWARD -m conntrack --ctorigdst 10.96.0.10 --ctorigdstport 53 -j REJECT --reject-with icmp-port-unreachable
        """, ends: ["rejected 100 10.0.0.1:53"]),
    Case(
      name: "the node's own packets, and an address of its own",
      nat: """
        -A PREROUTING -j DNAT --to-destination 10.0.0.9
        -A OUTPUT -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.0.0.1:53
        """, destination: "192.168.0.1", origin: .node, ends: ["sent 100 10.0.0.1:53"]),
    Case(
      name: "what the node sends to itself comes in again",
      nat: "-A PREROUTING -j DNAT --to-destination 10.0.0.9",
      filter: """
        -A OUTPUT ! -o lo -j DROP
        -A INPUT -i lo -p udp -m udp --dport 53 -m conntrack --ctstate NEW --ctstatus CONFIRMED -j REJECT --reject-with icmp-port-unreachable
        """, destination: "127.0.0.1", origin: .node, ends: ["rejected 100 127.0.0.1:53"]),
    Case(
      name: "a redirection is delivered here",
      nat: "-A PREROUTING -p udp -j REDIRECT --to-ports 15001", filter: "-A FORWARD -j DROP",
      ends: ["here 100 10.96.0.10:15001"]),
    Case(
      name: "a loop",
      filter: """
        -A FORWARD -j KUBE-A
        -A KUBE-A -j KUBE-B
        -A KUBE-B -j KUBE-A
        """, ends: ["loop 100 10.96.0.10:53"]),
    Case(
      name: "several ports, ranges of addresses, kinds of addresses",
      filter: """
        -A FORWARD -p udp -m multiport --dports 54,60:70 -j DROP
        -A FORWARD -m iprange --dst-range 10.96.0.11-10.96.0.99 -j DROP
        -A FORWARD -m addrtype --dst-type LOCAL,MULTICAST -j DROP
        -A FORWARD -m addrtype ! --src-type UNICAST -j DROP
        -A FORWARD -p udp -m multiport --ports 1:52,53 -m iprange --dst-range 10.96.0.0-10.96.0.10 -m addrtype --dst-type UNICAST -j REJECT --reject-with icmp-port-unreachable
        """, ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "the first packet of a TCP connection",
      filter: """
        -A FORWARD -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
        -A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK ACK -j DROP
        -A FORWARD -p tcp -m tcp --dport 53 --tcp-flags RST NONE -j REJECT --reject-with tcp-reset
        """, ipProtocol: 6, ends: ["rejected 100 10.96.0.10:53"]),
  ]

  @Test(arguments: cases)
  func `a packet ends as the rules say`(_ test: Case) throws {
    let snapshot = try RulesetText(nat: test.nat, filter: test.filter).snapshot()
    let packet = Packet(
      source: try #require(IPAddress("10.244.0.7")),
      destination: try #require(IPAddress(test.destination)), ipProtocol: test.ipProtocol,
      sourcePort: 40000, destinationPort: test.port)
    let node = NodeContext(addresses: [try #require(IPAddress("192.168.0.1"))])
    let walk = Walk(of: packet, from: test.origin, through: snapshot, on: node)
    #expect(walk.outcomes.map(\.summary).sorted() == test.ends.sorted())
  }

  @Test func `a target that is not known ends the way, or not`() throws {
    let snapshot = try RulesetText(filter: "-A FORWARD -j NFQUEUE --queue-num 1").snapshot()
    let packet = Packet(
      source: try #require(IPAddress("10.244.0.7")),
      destination: try #require(IPAddress("10.0.0.1")),
      ipProtocol: 6)
    let walk = Walk(of: packet, from: .outside, through: snapshot, on: NodeContext())
    #expect(
      walk.outcomes.map(\.summary).sorted() == [
        "sent? 100 10.0.0.1:-", "undetermined? 100 10.0.0.1:-",
      ])
  }

  @Test func `rules that branch without end end all the same`() throws {
    // Each chain leads to the next one twice: 2^60 ways.
    let jumps = (0..<60).flatMap { index in
      (0..<2).map { _ in "-A KUBE-\(index) -p tcp -j KUBE-\(index + 1)" }
    }
    let filter = (["-A FORWARD -j KUBE-0"] + jumps).joined(separator: "\n")
    let snapshot = try RulesetText(filter: filter).snapshot()
    let packet = Packet(
      source: try #require(IPAddress("10.244.0.7")),
      destination: try #require(IPAddress("10.0.0.1")),
      ipProtocol: 6)
    let walk = Walk(of: packet, from: .outside, through: snapshot, on: NodeContext())
    #expect(walk.outcomes.map(\.summary) == ["tooLong 100 10.0.0.1:-"])
  }
}

extension Walk.Outcome {
  /// `sent? 50 10.0.0.1:53`.
  fileprivate var summary: String {
    let name =
      switch end {
      case .deliveredHere: "here"
      case .sent: "sent"
      case .dropped: "dropped"
      case .rejected: "rejected"
      case .droppedByPolicy: "policy"
      case .undetermined: "undetermined"
      case .loop: "loop"
      case .tooLong: "tooLong"
      }
    let port = state.packet.destinationPort.map { "\($0)" } ?? "-"
    let odds = Int((bestOdds * 100).rounded())
    return "\(name)\(isCertain ? "" : "?") \(odds) \(state.packet.destination):\(port)"
  }
}

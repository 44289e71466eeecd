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
    var others: [TableName: String] = [:]
    var destination = "10.96.0.10"
    var port: UInt16 = 53
    var ipProtocol: UInt8 = 17
    var origin = PacketOrigin.outside
    var connection = ConnectionState.new
    /// Each end, its odds in percent, `?` where it assumes something, and where the packet goes.
    let ends: [String]

    var testDescription: String { name }
  }

  @Test(arguments: cases)
  func `a packet ends as the rules say`(_ test: Case) throws {
    let destination = try #require(IPAddress(test.destination))
    let snapshot = try RulesetText(
      destination.family, nat: test.nat, filter: test.filter, others: test.others
    ).snapshot()
    let source = destination.family == .ipv4 ? "10.244.0.7" : "fd00:10:244::7"
    let packet = Packet(
      source: try #require(IPAddress(source)), destination: destination,
      ipProtocol: test.ipProtocol, sourcePort: 40000, destinationPort: test.port,
      connection: test.connection)
    let node = NodeContext(
      addresses: [try #require(IPAddress("192.168.0.1")), try #require(IPAddress("fd00::1"))],
      interface: { _ in .named("eth0") })
    let walk = Walk(of: packet, from: test.origin, through: snapshot, on: node)
    #expect(walk.outcomes.map(\.summary).sorted() == test.ends.sorted())
  }

  @Test(arguments: [(Backend.legacy, WalkEnd.Kind.dropped), (.nft, .rejected)])
  func `iptables-nft has the table security behind nat where a packet is delivered`(
    _ backend: Backend, _ end: WalkEnd.Kind
  ) throws {
    let text = RulesetText(
      nat: "-A INPUT -j MARK --set-xmark 0x1/0x1",
      others: [
        .security: """
        -A INPUT -m mark --mark 0x1 -j REJECT --reject-with icmp-port-unreachable
        -A INPUT -j DROP
        """
      ])
    let tables = try text.snapshot().tables
    let packet = Packet(
      source: try #require(IPAddress("10.244.0.7")),
      destination: try #require(IPAddress("127.0.0.1")), ipProtocol: 17)
    let walk = Walk(
      of: packet, from: .outside,
      through: FamilySnapshot(backend: backend, family: .ipv4, tables: tables), on: NodeContext())
    #expect(walk.outcomes.map(\.end.kind) == [end])
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

  @Test(arguments: ["DNAT [unsupported revision]", "DNAT --to-destination :0"])
  func `a translation to what is not known ends the way`(_ target: String) throws {
    let nat = "-A PREROUTING -j \(target)\n-A PREROUTING -j DNAT --to-destination 10.0.0.2"
    let packet = Packet(
      source: try #require(IPAddress("10.244.0.7")),
      destination: try #require(IPAddress("10.0.0.1")), ipProtocol: 6)
    let walk = Walk(
      of: packet, from: .outside, through: try RulesetText(nat: nat).snapshot(), on: NodeContext())
    #expect(walk.outcomes.map(\.summary) == ["undetermined 100 10.0.0.1:-"])
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
    let port = state.packet.destinationPort.map { "\($0)" } ?? "-"
    let odds = Int((bestOdds * 100).rounded())
    return "\(end.kind)\(isCertain ? "" : "?") \(odds) \(state.packet.destination):\(port)"
  }
}

extension WalkEnd {
  enum Kind: Sendable {
    case here, sent, dropped, rejected, policy, undetermined, loop, tooLong
  }

  fileprivate var kind: Kind {
    switch self {
    case .deliveredHere: .here
    case .sent: .sent
    case .dropped: .dropped
    case .rejected: .rejected
    case .droppedByPolicy: .policy
    case .undetermined: .undetermined
    case .loop: .loop
    case .tooLong: .tooLong
    }
  }
}

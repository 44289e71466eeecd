import Console
import KubeProxy
import Netfilter
import TestSupport
import Testing

@testable import Answers

/// What `show --connections` and `check --conntrack` say.
@Suite struct StaleConnectionsTests {
  private static let nat = """
    -A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-TCOU7JCQXEZGVUNU
    -A KUBE-SVC-TCOU7JCQXEZGVUNU -m comment --comment "kube-system/kube-dns:dns -> 10.244.0.2:53" -j KUBE-SEP-AAAAAAAAAAAAAAAA
    -A KUBE-SEP-AAAAAAAAAAAAAAAA -p udp -m udp -j DNAT --to-destination 10.244.0.2:53
    """

  private static func judge(_ nat: String = nat) throws -> StaleConnections {
    let snapshot = try RulesetText(nat: nat).snapshot()
    return StaleConnections(
      of: Ruleset(name: "kernel", families: [snapshot]), isLocal: { _ in false })
  }

  private static func connection(
    from client: String, to endpoint: String, isReplied: Bool = false
  ) throws -> TranslatedConnection {
    TranslatedConnection(
      ipProtocol: 17, client: try #require(IPAddress(client)), clientPort: 40000,
      destination: try #require(IPAddress("10.96.0.10")), destinationPort: 53,
      endpoint: try #require(IPAddress(endpoint)), endpointPort: 53, isReplied: isReplied,
      timeout: 30)
  }

  private static func groups(confirmedBy later: StaleConnections) throws -> [StaleConnections.Group]
  {
    var stale = try judge()
    stale.take(try connection(from: "10.244.0.9", to: "10.244.0.2"), .ipv4)
    stale.take(try connection(from: "10.244.0.9", to: "10.244.0.3"), .ipv4)
    for _ in 0..<2 {
      stale.take(try connection(from: "10.244.0.8", to: "10.244.0.3", isReplied: true), .ipv4)
    }
    return stale.groups(confirmedBy: later)
  }

  @Test func `they are listed by endpoint, the client with most first, and how to delete them`()
    throws
  {
    var text = TerminalWriter(isColoured: false)
    try Self.groups(confirmedBy: Self.judge()).write(to: &text, advises: true)
    #expect(
      String(decoding: text.bytes, as: UTF8.self) == """
        kube-system/kube-dns:dns (UDP): 3 connections to 10.244.0.3:53, which no rule leads to; 1 unreplied
            10.244.0.8: 2 connections
            10.244.0.9: 1 connection
          To let the clients connect anew:
            conntrack -D -p udp --orig-dst 10.96.0.10 --orig-port-dst 53 --reply-src 10.244.0.3 --reply-port-src 53

        """)
  }

  @Test func `what the rules of afterwards explain is not listed`() throws {
    let later = Self.nat.replacing("10.244.0.2:53\n", with: "10.244.0.3:53\n").replacing(
      "--to-destination 10.244.0.2:53", with: "--to-destination 10.244.0.3:53")
    #expect(try Self.groups(confirmedBy: Self.judge(later)).isEmpty)
    var text = TerminalWriter(isColoured: false)
    [StaleConnections.Group]().write(to: &text, advises: true)
    #expect(text.bytes.starts(with: Array("no connections".utf8)))
  }

  @Test func `other service ports than those that are asked for are left out`() throws {
    let snapshot = try RulesetText(nat: Self.nat).snapshot()
    let ruleset = Ruleset(name: "kernel", families: [snapshot])
    var stale = StaleConnections(
      of: ruleset, selection: { $0.name == "web" }, isLocal: { _ in false })
    stale.take(try Self.connection(from: "10.244.0.9", to: "10.244.0.3"), .ipv4)
    #expect(stale.groups(confirmedBy: try Self.judge()).isEmpty)
  }
}

import Collectors
import Exposition
import IPTablesSource
import Netfilter
import TestSupport
import Testing

@Suite("Comments that somebody else wrote")
struct HostileCommentTests {
  struct Hostility: CustomTestStringConvertible {
    let testDescription: String
    let comment: Netfilter.ByteString

    init(_ description: String, _ comment: Netfilter.ByteString) {
      testDescription = description
      self.comment = comment
    }
  }

  static let all = [
    Hostility("quotes", ByteString(#"shop/"web" cluster IP"#)),
    Hostility("the end of a label", ByteString(#"shop/web"} 1 cluster IP"#)),
    Hostility("backslashes", ByteString(#"shop/web\ cluster IP"#)),
    Hostility("a backslash at the end", ByteString(#"shop/web:\"#)),
    Hostility("line feeds", ByteString("shop/web\niptables_up 1\n")),
    Hostility("invalid UTF-8", ByteString(bytes: Array("shop/web:".utf8) + [0xff, 0xc3, 0x28])),
    Hostility("nothing but invalid UTF-8", ByteString(bytes: Array(repeating: 0xfe, count: 255))),
    Hostility("255 bytes", ByteString(String(repeating: "x", count: 255))),
    Hostility("255 bytes of a name", ByteString("shop/" + String(repeating: "x", count: 250))),
    Hostility("another service port", ByteString("default/kubernetes:https cluster IP")),
    Hostility("another service port's node port", ByteString("default/kubernetes:https")),
    Hostility("a name without a service", ByteString("shop/:http cluster IP")),
    Hostility("a name with many colons", ByteString("shop/web:a:b cluster IP")),
    Hostility("a name with many slashes", ByteString("shop/web/http cluster IP")),
    Hostility("nothing", ByteString("")),
    Hostility("a space", ByteString(" ")),
    Hostility("a terminal's escapes", ByteString("shop/web\u{1b}[2J\u{7}\r cluster IP")),
  ]

  @Test("Give a valid exposition and no service port", arguments: all)
  func lie(_ hostility: Hostility) async throws {
    let exporter = Exporter(steps: [[Self.reading(hostility.comment)]])
    for format in ExpositionFormat.allCases {
      let metrics = try await exporter.metrics(ScrapeRequest(format: format, scraper: "10.0.0.1"))
      #expect(metrics.services().isEmpty)
      #expect(metrics.sum("iptables_rules") == 8)
      #expect(metrics.all("iptables_services_unnamed") == [["ip_family": "IPv4"]: 1])
    }
  }

  @Test("Leave a real service port what is its own", arguments: all)
  func besideTruth(_ hostility: Hostility) async throws {
    let truth = Self.dispatch(ByteString("shop/web cluster IP"))
    let reading = Self.reading(hostility.comment, truth: [truth])
    let metrics = try await Exporter(steps: [[reading]]).metrics()
    #expect(metrics.services() == ["shop/web TCP"])
    #expect(metrics.service("shop/web", "sep_chains") == 1)
    #expect(metrics.service("shop/web", "rules", and: ["table": "filter"]) == 0)
  }

  @Test("Pass promtool", .promtool, arguments: all)
  func promtool(_ hostility: Hostility) async throws {
    let exporter = Exporter(steps: [[Self.reading(hostility.comment)]])
    try Promtool.check(await exporter.bytes(ScrapeRequest(scraper: "10.0.0.1")))
  }

  @Test(
    "Can say that a service port is blocked, and nothing else", arguments: ExpositionFormat.allCases
  )
  func blocked(_ format: ExpositionFormat) async throws {
    let name = String(repeating: "n", count: 255 - "shop/ has no endpoints".utf8.count)
    let reading = Self.reading(ByteString("shop/\(name) has no endpoints"))
    let metrics = try await Exporter(steps: [[reading]]).metrics(
      ScrapeRequest(format: format, scraper: "10.0.0.1"))
    #expect(metrics.services() == ["shop/\(name) TCP"])
    #expect(metrics.service("shop/\(name)", "blocked", and: ["reason": "no_endpoints"]) == 1)
    #expect(metrics.service("shop/\(name)", "rules", and: ["table": "nat"]) == 0)
  }

  /// A node with the comment in every chain where kube-proxy's mean something, and the chains of
  /// `shop/web`, to which the rule with the comment leads.
  private static func reading(_ comment: Netfilter.ByteString, truth: [Rule] = []) -> FamilyReading
  {
    let marking = Rule("-p tcp", comment: comment.bytes, "-j KUBE-MARK-MASQ")
    let service: ChainName = "KUBE-SVC-E3PXEPMWAWIUT6ZV"
    let endpoint: ChainName = "KUBE-SEP-6Y64NGU6GYXT5LIA"
    let nat: [(ChainName, [Rule])] = [
      ("KUBE-MARK-MASQ", []), ("KUBE-NODEPORTS", [marking]),
      ("KUBE-SERVICES", [dispatch(comment), marking] + truth),
      (service, [Rule(comment: comment.bytes, "-j \(endpoint)")]),
      (endpoint, ["-p tcp -j DNAT --to-destination 10.0.0.1:80"]),
    ]
    let reject = Rule(
      "-p tcp", comment: comment.bytes, "-j REJECT --reject-with icmp-port-unreachable")
    let filter: [(ChainName, [Rule])] = [
      ("KUBE-EXTERNAL-SERVICES", [reject]), ("KUBE-NODEPORTS", [reject]),
      ("KUBE-SERVICES", [reject]),
    ]
    return FamilyReading(
      FamilySnapshot(
        backend: .legacy, family: .ipv4, tables: [table(.nat, nat), table(.filter, filter)]))
  }

  private static func dispatch(_ comment: Netfilter.ByteString) -> Rule {
    Rule("-p tcp", comment: comment.bytes, "-j KUBE-SVC-E3PXEPMWAWIUT6ZV")
  }

  private static func table(_ name: TableName, _ chains: [(ChainName, [Rule])]) -> TableSnapshot {
    let chains = chains.map { Chain(name: $0, rules: RuleList($1)) }
    let content = TableContent(family: .ipv4, name: name, chains: chains)
    return TableSnapshot(
      content: content, counters: Array(repeating: Counter(), count: content.ruleCount),
      policyCounters: [])
  }
}

import TestSupport

/// A service's creation in "Kubernetes iptables changes on service creation" (2021-04-14): nat before
/// and after.
///
/// The rules that the article shows stand here as it shows them. What it doesn't show is a real
/// node's: the chains of kubernetes and kube-dns, from a kube-proxy of the article's time.
struct ArticleCreation: Sendable, CustomStringConvertible {
  let description: String
  let service: String
  /// The service's rules outside of KUBE-SERVICES.
  private let rules: String
  private let clusterIP: String
  /// The service ports in the order of KUBE-SERVICES.
  private let orderBefore: [String]
  private let orderAfter: [String]
  let addedRules: Int
  /// The service ports whose two rules each the diff takes out above and puts in below.
  let moved: [String]

  /// The state before; some packets were counted when it was saved.
  func before() throws -> RulesetText { try ruleset(orderBefore, rules: "", counters: "[3:180] ") }

  func after() throws -> RulesetText { try ruleset(orderAfter, rules: rules, counters: "") }

  private func ruleset(_ order: [String], rules: String, counters: String) throws -> RulesetText {
    let baseline = SaveText(try Fixture("legacy-1.21/a-01-baseline.rules").bytes())
    let others = (baseline.tables["nat"] ?? [:]).values.filter { $0.name != "KUBE-SERVICES" }
    let portals = baseline.rules("nat", "KUBE-SERVICES").suffix(1)
    let lines =
      others.sorted { $0.name < $1.name }.flatMap(\.rules).map(\.text)
      + rules.split(separator: "\n").map(String.init) + order.flatMap(dispatch)
      + portals.map(\.text)
    return RulesetText(nat: lines.map { counters + $0 }.joined(separator: "\n"))
  }

  /// The two rules of a service port in KUBE-SERVICES.
  private func dispatch(_ service: String) -> [String] {
    let (address, transport, port, chain) =
      switch service {
      case Self.https: ("10.96.0.1", "tcp", 443, "KUBE-SVC-NPX46M4PTMTKRN6Y")
      case Self.dns: ("10.96.0.10", "udp", 53, "KUBE-SVC-TCOU7JCQXEZGVUNU")
      case Self.dnsTCP: ("10.96.0.10", "tcp", 53, "KUBE-SVC-ERIFXISQEP7F7OF4")
      case Self.metrics: ("10.96.0.10", "tcp", 9153, "KUBE-SVC-JD5MR3NA4I4DYORP")
      case Self.ngnix2: (clusterIP, "tcp", 80, "KUBE-SVC-JSEMNMAXFXXWPYZQ")
      default: (clusterIP, "tcp", 80, "KUBE-SVC-FOI3G5ZK27IESILB")
      }
    let name = service.prefix { $0 != " " }
    let matches =
      "-d \(address)/32 -p \(transport) -m comment --comment \"\(name) cluster IP\" "
      + "-m \(transport) --dport \(port)"
    return [
      "-A KUBE-SERVICES ! -s 192.168.0.0/16 \(matches) -j KUBE-MARK-MASQ",
      "-A KUBE-SERVICES \(matches) -j \(chain)",
    ]
  }

  private static let https = "default/kubernetes:https TCP"
  private static let dns = "kube-system/kube-dns:dns UDP"
  private static let dnsTCP = "kube-system/kube-dns:dns-tcp TCP"
  private static let metrics = "kube-system/kube-dns:metrics TCP"
  private static let ngnix = "default/ngnix-service TCP"
  private static let ngnix2 = "default/ngnix2-service TCP"
}

extension ArticleCreation {
  static let all = [
    ArticleCreation(
      description: "One endpoint, with targetPort", service: ngnix,
      rules: """
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix-service" -m tcp --dport 31224 -j KUBE-MARK-MASQ
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix-service" -m tcp --dport 31224 -j KUBE-SVC-FOI3G5ZK27IESILB
        -A KUBE-SEP-KVGH6HHOFLBGG2WW -s 10.1.167.92/32 -m comment --comment "default/ngnix-service" -j KUBE-MARK-MASQ
        -A KUBE-SEP-KVGH6HHOFLBGG2WW -p tcp -m comment --comment "default/ngnix-service" -m tcp -j DNAT --to-destination 10.1.167.92:8000
        -A KUBE-SVC-FOI3G5ZK27IESILB -m comment --comment "default/ngnix-service" -j KUBE-SEP-KVGH6HHOFLBGG2WW
        """,
      clusterIP: "10.105.57.223", orderBefore: [dns, dnsTCP, metrics, https],
      orderAfter: [dns, dnsTCP, ngnix, metrics, https], addedRules: 7, moved: []),
    ArticleCreation(
      description: "One endpoint, without targetPort", service: ngnix,
      rules: """
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix-service" -m tcp --dport 32681 -j KUBE-MARK-MASQ
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix-service" -m tcp --dport 32681 -j KUBE-SVC-FOI3G5ZK27IESILB
        -A KUBE-SEP-OP54BO3C6MKRBI5R -s 10.1.167.92/32 -m comment --comment "default/ngnix-service" -j KUBE-MARK-MASQ
        -A KUBE-SEP-OP54BO3C6MKRBI5R -p tcp -m comment --comment "default/ngnix-service" -m tcp -j DNAT --to-destination 10.1.167.92:80
        -A KUBE-SVC-FOI3G5ZK27IESILB -m comment --comment "default/ngnix-service" -j KUBE-SEP-OP54BO3C6MKRBI5R
        """,
      clusterIP: "10.96.129.116", orderBefore: [https, metrics, dns, dnsTCP],
      orderAfter: [dns, dnsTCP, ngnix, https, metrics], addedRules: 7, moved: [https, metrics]),
    ArticleCreation(
      description: "Two endpoints, with targetPort", service: ngnix2,
      rules: """
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix2-service" -m tcp --dport 30329 -j KUBE-MARK-MASQ
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix2-service" -m tcp --dport 30329 -j KUBE-SVC-JSEMNMAXFXXWPYZQ
        -A KUBE-SEP-KCPMBF3JPX5ITGQR -s 10.1.129.5/32 -m comment --comment "default/ngnix2-service" -j KUBE-MARK-MASQ
        -A KUBE-SEP-KCPMBF3JPX5ITGQR -p tcp -m comment --comment "default/ngnix2-service" -m tcp -j DNAT --to-destination 10.1.129.5:8000
        -A KUBE-SEP-PPG4JXRVDYEFVT6U -s 10.1.167.83/32 -m comment --comment "default/ngnix2-service" -j KUBE-MARK-MASQ
        -A KUBE-SEP-PPG4JXRVDYEFVT6U -p tcp -m comment --comment "default/ngnix2-service" -m tcp -j DNAT --to-destination 10.1.167.83:8000
        -A KUBE-SVC-JSEMNMAXFXXWPYZQ -m comment --comment "default/ngnix2-service" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-KCPMBF3JPX5ITGQR
        -A KUBE-SVC-JSEMNMAXFXXWPYZQ -m comment --comment "default/ngnix2-service" -j KUBE-SEP-PPG4JXRVDYEFVT6U
        """,
      clusterIP: "10.98.111.212", orderBefore: [dns, dnsTCP, metrics, https],
      orderAfter: [dns, dnsTCP, metrics, https, ngnix2], addedRules: 10, moved: []),
    ArticleCreation(
      description: "Two endpoints, without targetPort", service: ngnix2,
      rules: """
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix2-service" -m tcp --dport 31277 -j KUBE-MARK-MASQ
        -A KUBE-NODEPORTS -p tcp -m comment --comment "default/ngnix2-service" -m tcp --dport 31277 -j KUBE-SVC-JSEMNMAXFXXWPYZQ
        -A KUBE-SEP-NK6MJN7AMVFQPBDQ -s 10.1.129.5/32 -m comment --comment "default/ngnix2-service" -j KUBE-MARK-MASQ
        -A KUBE-SEP-NK6MJN7AMVFQPBDQ -p tcp -m comment --comment "default/ngnix2-service" -m tcp -j DNAT --to-destination 10.1.129.5:80
        -A KUBE-SEP-ZX65TQ3QUDHUAQQM -s 10.1.167.83/32 -m comment --comment "default/ngnix2-service" -j KUBE-MARK-MASQ
        -A KUBE-SEP-ZX65TQ3QUDHUAQQM -p tcp -m comment --comment "default/ngnix2-service" -m tcp -j DNAT --to-destination 10.1.167.83:80
        -A KUBE-SVC-JSEMNMAXFXXWPYZQ -m comment --comment "default/ngnix2-service" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-NK6MJN7AMVFQPBDQ
        -A KUBE-SVC-JSEMNMAXFXXWPYZQ -m comment --comment "default/ngnix2-service" -j KUBE-SEP-ZX65TQ3QUDHUAQQM
        """,
      clusterIP: "10.108.13.83", orderBefore: [dns, dnsTCP, metrics, https],
      orderAfter: [dnsTCP, metrics, ngnix2, dns, https], addedRules: 10, moved: [dns]),
  ]

  /// The one that moves most.
  static let messiest = all[1]
}

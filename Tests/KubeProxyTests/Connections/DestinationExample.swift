import Netfilter
import TestSupport
import Testing

/// A rule set, where a client asks, and what becomes of its connections.
struct DestinationExample: CustomTestStringConvertible {
  typealias Asked = (ipProtocol: UInt8, place: String, isLocal: Bool)

  let testDescription: String
  var family = IPFamily.ipv4
  let nat: String
  var filter: String?
  /// Where a client asks, and whether the address is the node's.
  var asked: Asked = (6, "10.96.0.9:80", false)
  /// Which endpoints are stale; nil where no service port is asked.
  let stale: [String: Bool]?
}

extension DestinationExample {
  /// The service port shop/web, TCP, and its endpoints' chains.
  private enum Web {
    static let hash = "E3PXEPMWAWIUT6ZV"

    static func sep(_ endpoint: String, _ transport: String = "tcp", of name: String = "shop/web")
      -> String
    {
      "KUBE-SEP-" + chainHashText(of: name + transport + endpoint)
    }

    /// The service port's chain and an endpoint's chains, with or without comments.
    static func chains(
      _ endpoints: [String], in chain: String = "KUBE-SVC-\(hash)", comments: Bool = true,
      affinity: Bool = false
    ) -> [String] {
      let comment = comments ? "-m comment --comment \"shop/web\" " : ""
      var rules: [String] = []
      for endpoint in endpoints {
        if affinity {
          rules.append(
            "-A \(chain) \(comment)-m recent --rcheck --seconds 10800 --reap --name \(sep(endpoint)) --mask 255.255.255.255 --rsource -j \(sep(endpoint))"
          )
        }
        rules.append("-A \(chain) \(comment)-j \(sep(endpoint))")
      }
      return rules
    }

    static func translations(_ endpoints: [String], comments: Bool = true) -> [String] {
      let comment = comments ? "-m comment --comment \"shop/web\" " : ""
      return endpoints.map {
        "-A \(sep($0)) -p tcp \(comment)-m tcp -j DNAT --to-destination \($0)"
      }
    }

    static let clusterIP =
      "-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment \"shop/web cluster IP\" -m tcp --dport 80 -j KUBE-SVC-\(hash)"

    static func external(_ address: String, _ purpose: String, port: Int = 80) -> String {
      "-A KUBE-SERVICES -d \(address)/32 -p tcp -m comment --comment \"shop/web \(purpose)\" -m tcp --dport \(port) -j KUBE-EXT-\(hash)"
    }

    static let nodePort =
      "-A KUBE-NODEPORTS -p tcp -m comment --comment \"shop/web\" -m tcp --dport 30080 -j KUBE-EXT-\(hash)"
    static let localNodePort =
      "-A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment \"shop/web\" -m tcp --dport 30080 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-\(hash)"
    static func toNodePorts(_ destination: String = "") -> String {
      "-A KUBE-SERVICES \(destination)-m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
    }
    static let ext = "-A KUBE-EXT-\(hash) -j KUBE-SVC-\(hash)"

    /// Asked at all kinds of addresses, with two endpoints.
    static func everywhere(to destination: String = "") -> String {
      let two = ["10.0.0.1:8080", "10.0.0.2:8080"]
      return text(
        [
          clusterIP, external("192.0.2.7", "external IP"),
          external("203.0.113.5", "loadbalancer IP"), toNodePorts(destination), localNodePort,
          nodePort, ext,
        ] + chains(two) + translations(two))
    }

    static func text(_ rules: [String]) -> String { rules.joined(separator: "\n") }
  }

  private static let two = ["10.0.0.1:8080", "10.0.0.2:8080"]
  private static let twoAreThere = [
    "10.0.0.1:8080": false, "10.0.0.2:8080": false, "10.0.0.3:8080": true, "10.0.0.1:8081": true,
    // Hairpin: the client is the endpoint, which changes nothing.
    "10.96.0.9:80": true,
  ]

  private static let places: [(name: String, asked: Asked, isThere: Bool)] = [
    ("the cluster IP", (6, "10.96.0.9:80", false), true),
    ("an external IP", (6, "192.0.2.7:80", false), true),
    ("a load balancer's IP", (6, "203.0.113.5:80", false), true),
    ("a load balancer's IP that is the node's, too", (6, "203.0.113.5:80", true), true),
    ("a NodePort", (6, "192.168.0.4:30080", true), true),
    ("a NodePort at a loopback address", (6, "127.0.0.5:30080", true), true),
    ("a NodePort of another node", (6, "192.168.0.5:30080", false), false),
    ("another port", (6, "10.96.0.9:81", false), false),
    ("another protocol", (17, "10.96.0.9:80", false), false),
    ("another address", (6, "10.96.0.8:80", false), false),
    ("the cluster IP's port at the node", (6, "192.168.0.4:80", true), false),
  ]

  static let all: [DestinationExample] =
    places.map { place in
      DestinationExample(
        testDescription: place.name, nat: Web.everywhere(), asked: place.asked,
        stale: place.isThere ? twoAreThere : nil)
    } + policies + unusual

  private static let policies = [
    DestinationExample(
      testDescription: "Session affinity leads to each endpoint twice",
      nat: Web.text([Web.clusterIP] + Web.chains(two, affinity: true) + Web.translations(two)),
      stale: twoAreThere),
    DestinationExample(
      testDescription: "A large cluster's chains have no comments",
      nat: Web.text(
        [Web.clusterIP] + Web.chains(two, comments: false) + Web.translations(two, comments: false)),
      stale: twoAreThere),
    DestinationExample(
      testDescription: "With a Local policy the endpoints are those of both chains",
      nat: Web.text(
        [Web.clusterIP, Web.external("192.0.2.7", "external IP")]
          + [
            "-A KUBE-EXT-\(Web.hash) -s 10.244.0.0/16 -j KUBE-SVC-\(Web.hash)",
            "-A KUBE-EXT-\(Web.hash) -j KUBE-SVL-\(Web.hash)",
          ] + Web.chains(["10.0.0.1:8080"])
          + Web.chains(["10.0.0.2:8080"], in: "KUBE-SVL-\(Web.hash)") + Web.translations(two)),
      asked: (6, "192.0.2.7:80", false), stale: twoAreThere),
    DestinationExample(
      testDescription: "Of the last endpoint that went, filter's REJECT is left",
      nat: "-A KUBE-SERVICES -j KUBE-NODEPORTS",
      filter:
        "-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment \"shop/web has no endpoints\" -m tcp --dport 80 -j REJECT",
      stale: ["10.0.0.1:8080": true, "10.96.0.9:80": true]),
    DestinationExample(
      testDescription: "So it is of a NodePort",
      nat: Web.toNodePorts(),
      filter:
        "-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment \"shop/web has no endpoints\" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j REJECT",
      asked: (6, "192.168.0.4:30080", true), stale: ["10.0.0.1:8080": true]),
    DestinationExample(
      testDescription: "No local endpoint takes from outside, but others take from inside",
      nat: Web.text([Web.clusterIP] + Web.chains(two) + Web.translations(two)),
      filter:
        "-A KUBE-EXTERNAL-SERVICES -d 203.0.113.5/32 -p tcp -m comment --comment \"shop/web has no local endpoints\" -m tcp --dport 80 -j DROP",
      asked: (6, "203.0.113.5:80", false), stale: twoAreThere),
    DestinationExample(
      testDescription: "NodePorts are only at the addresses that lead to them",
      nat: Web.everywhere(to: "-d 192.168.0.4/32 "), asked: (6, "192.168.0.4:30080", true),
      stale: twoAreThere),
    DestinationExample(
      testDescription: "So they aren't at the node's other addresses",
      nat: Web.everywhere(to: "-d 192.168.0.4/32 "), asked: (6, "10.0.2.15:30080", true),
      stale: nil),
    DestinationExample(
      testDescription: "Nor at one that is excepted",
      nat: Web.everywhere(to: "! -d 192.168.0.4/32 "), asked: (6, "192.168.0.4:30080", true),
      stale: nil),
  ]

  private static let unusual = [
    DestinationExample(
      testDescription: "Where an endpoint isn't understood, nothing is stale",
      nat: Web.text(
        [Web.clusterIP] + Web.chains(two) + Web.translations(["10.0.0.1:8080"])
          + ["-A \(Web.sep("10.0.0.2:8080")) -p tcp -j DNAT --to-destination 10.0.0.2-10.0.0.9"]),
      stale: ["10.0.0.1:8080": false, "10.0.0.3:8080": false, "10.9.9.9:9": false]),
    DestinationExample(
      testDescription: "Nor where one has no translation at all",
      nat: Web.text(
        [Web.clusterIP] + Web.chains(two) + Web.translations(["10.0.0.1:8080"])
          + ["-A \(Web.sep("10.0.0.2:8080")) -p tcp -j ACCEPT"]),
      stale: ["10.9.9.9:9": false]),
    DestinationExample(
      testDescription: "One with two translations doesn't stand for one with none",
      nat: Web.text(
        [Web.clusterIP] + Web.chains(two) + Web.translations(["10.0.0.1:8080"])
          + [
            "-A \(Web.sep("10.0.0.1:8080")) -p tcp -j DNAT --to-destination 10.0.0.7:8080",
            "-A \(Web.sep("10.0.0.2:8080")) -p tcp -j ACCEPT",
          ]),
      stale: ["10.9.9.9:9": false]),
    DestinationExample(
      testDescription: "What an administrator's rule translates to is explained by that",
      nat: Web.text(
        [
          "-A PREROUTING -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.7.7.7:80",
          "-A OUTPUT -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.7.8.1-10.7.8.9",
          Web.clusterIP,
        ] + Web.chains(two) + Web.translations(two)),
      stale: [
        "10.0.0.1:8080": false, "10.7.7.7:80": false, "10.7.7.7:81": true, "10.7.8.0:80": true,
        "10.7.8.1:80": false, "10.7.8.9:1": false, "10.7.8.10:80": true, "10.0.0.3:8080": true,
      ]),
    DestinationExample(
      testDescription: "A rule that names a port only explains it at any address",
      nat: Web.text(
        [
          "-A PREROUTING -p tcp -m tcp --dport 81 -j DNAT --to-destination :8181", Web.clusterIP,
        ] + Web.chains(two) + Web.translations(two)),
      stale: ["10.7.7.7:8181": false, "10.7.7.7:8182": true]),
    DestinationExample(
      testDescription: "SCTP",
      nat: sctp, asked: (132, "10.96.0.9:3868", false),
      stale: ["10.0.0.1:3868": false, "10.0.0.2:3868": true]),
    DestinationExample(
      testDescription: "IPv6", family: .ipv6, nat: ipv6, asked: (17, "[fd00:10:96::a]:53", false),
      stale: ["[fd00::1]:5353": false, "[fd00::2]:5353": true, "[fd00::1]:53": true]),
  ]

  private static let sctp = """
    -A KUBE-SERVICES -d 10.96.0.9/32 -p sctp -m comment --comment "shop/web cluster IP" -m sctp --dport 3868 -j KUBE-SVC-\(chainHashText(of: "shop/websctp"))
    -A KUBE-SVC-\(chainHashText(of: "shop/websctp")) -j \(Web.sep("10.0.0.1:3868", "sctp"))
    -A \(Web.sep("10.0.0.1:3868", "sctp")) -p sctp -m sctp -j DNAT --to-destination 10.0.0.1:3868
    """

  private static let ipv6 = """
    -A KUBE-SERVICES -d fd00:10:96::a/128 -p udp -m comment --comment "shop/web cluster IP" -m udp --dport 53 -j KUBE-SVC-\(chainHashText(of: "shop/webudp"))
    -A KUBE-SVC-\(chainHashText(of: "shop/webudp")) -j \(Web.sep("[fd00::1]:5353", "udp"))
    -A \(Web.sep("[fd00::1]:5353", "udp")) -p udp -m udp -j DNAT --to-destination [fd00::1]:5353
    """
}

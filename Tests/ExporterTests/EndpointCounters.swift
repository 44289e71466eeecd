import IPTablesSource
import TestSupport

/// A service port `shop/web` whose endpoints have counted so many packets.
struct EndpointCounters {
  /// By endpoint, what the DNAT rule of its SEP chain counted.
  var packets: [Endpoint: UInt64]
  /// Whether a rule leads to the service port.
  var isDispatched = true

  enum Endpoint: Int, CaseIterable, Comparable {
    case first = 1
    case second

    var chain: String {
      switch self {
      case .first: "KUBE-SEP-6Y64NGU6GYXT5LIA"
      case .second: "KUBE-SEP-56Y73IMSIR3TM2HN"
      }
    }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  var ruleset: RulesetText {
    var rules = [
      #"-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES"#
    ]
    if isDispatched {
      rules.append(
        "-A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment \"shop/web cluster IP\" "
          + "-m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV")
      for (endpoint, packets) in packets.sorted(by: { $0.key < $1.key }) {
        rules += [
          "-A KUBE-SVC-E3PXEPMWAWIUT6ZV -j \(endpoint.chain)",
          "[900:54000] -A \(endpoint.chain) -s 10.0.0.\(endpoint.rawValue)/32 -j KUBE-MARK-MASQ",
          "[\(packets):\(packets * 60)] -A \(endpoint.chain) -p tcp -m tcp "
            + "-j DNAT --to-destination 10.0.0.\(endpoint.rawValue):80",
        ]
      }
    }
    return RulesetText(nat: rules.joined(separator: "\n"))
  }
}

import TestSupport
import Testing

/// Rules of the service port `shop/web`, and the shares that its endpoints get.
struct ShareExample: CustomTestStringConvertible {
  let testDescription: String
  let ruleset: RulesetText
  /// For each chain, its family and then the endpoints' shares and destinations.
  let chains: [String]

  /// - Parameter rules: the rules from the service port's chains on, in which `SVC`, `SVL`, `XLB` and
  ///   `EXT` stand for those, and `SEP1` to `SEP3` for its endpoints' chains.
  init(
    _ description: String, from dispatch: String = "SVC", _ rules: [String], chains: [String]
  ) {
    testDescription = description
    let dispatch = """
      -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j \(dispatch)
      """
    var text = ([dispatch] + rules + Self.endpoints).joined(separator: "\n")
    for (short, name) in Self.names { text = text.replacing(short + " ", with: name + " ") }
    for (short, name) in Self.names { text = text.replacing(short + "\n", with: name + "\n") }
    ruleset = RulesetText(nat: text)
    self.chains = chains
  }

  private static let names = [
    ("SVC", "KUBE-SVC-E3PXEPMWAWIUT6ZV"), ("SVL", "KUBE-SVL-E3PXEPMWAWIUT6ZV"),
    ("XLB", "KUBE-XLB-E3PXEPMWAWIUT6ZV"), ("EXT", "KUBE-EXT-E3PXEPMWAWIUT6ZV"),
    ("SEP1", "KUBE-SEP-6Y64NGU6GYXT5LIA"), ("SEP2", "KUBE-SEP-56Y73IMSIR3TM2HN"),
    ("SEP3", "KUBE-SEP-2KA2JGVS2H3L7CFV"),
  ]

  private static let endpoints = [
    "-A SEP1 -s 10.0.0.1/32 -j KUBE-MARK-MASQ",
    "-A SEP1 -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80",
    "-A SEP2 -s 10.0.0.2/32 -j KUBE-MARK-MASQ",
    "-A SEP2 -p tcp -m tcp -j DNAT --to-destination 10.0.0.2:80", "",
  ]

  /// A share to nine digits behind the point, without zeros at the end.
  static func text(of share: Double) -> String {
    let rounded = (share * 1e9).rounded() / 1e9
    return "\(rounded)"
  }
}

extension ShareExample {
  private static func random(_ probability: String) -> String {
    "-m statistic --mode random --probability \(probability)"
  }

  static let all: [ShareExample] = [
    ShareExample(
      "Unequal probabilities give the real shares",
      [
        "-A SVC -m comment --comment \"shop/web\" \(random("0.10000000009")) -j SEP1",
        "-A SVC -m comment --comment \"shop/web\" -j SEP2",
      ], chains: ["SVC: 0.1 10.0.0.1:80, 0.9 10.0.0.2:80"]),
    ShareExample(
      "Each takes its part of what is left",
      [
        "-A SVC \(random("0.50000000000")) -j SEP1", "-A SVC \(random("0.50000000000")) -j SEP2",
        "-A SVC -j SEP3",
      ],
      chains: ["SVC: 0.5 10.0.0.1:80, 0.25 10.0.0.2:80, 0.25"]),
    ShareExample(
      "Where the last has a probability too, there is a rest",
      ["-A SVC \(random("0.50000000000")) -j SEP1", "-A SVC \(random("0.50000000000")) -j SEP2"],
      chains: ["SVC: 0.5 10.0.0.1:80, 0.25 10.0.0.2:80"]),
    ShareExample(
      "Behind one that takes all comes nothing",
      ["-A SVC -j SEP1", "-A SVC -j SEP2"],
      chains: ["SVC: 1.0 10.0.0.1:80, 0.0 10.0.0.2:80"]),
    ShareExample(
      "Two rules to the same endpoint are one",
      [
        "-A SVC \(random("0.25000000000")) -j SEP1", "-A SVC \(random("0.50000000000")) -j SEP2",
        "-A SVC -j SEP1",
      ],
      chains: ["SVC: 0.625 10.0.0.1:80, 0.375 10.0.0.2:80"]),
    ShareExample(
      "Session affinity is not counted, and so no share where it alone leads",
      [
        "-A SVC -m recent --rcheck --seconds 10800 --reap --name SEP1 --mask 255.255.255.255 --rsource -j SEP1",
        "-A SVC -m recent --rcheck --seconds 10800 --reap --name SEP2 --mask 255.255.255.255 --rsource -j SEP2",
        "-A SVC -m recent --rcheck --seconds 10800 --reap --name SEP3 --mask 255.255.255.255 --rsource -j SEP3",
        "-A SVC \(random("0.50000000000")) -j SEP2", "-A SVC -j SEP1",
      ], chains: ["SVC: 0.5 10.0.0.1:80, 0.5 10.0.0.2:80, 0.0"]),
    ShareExample(
      "Masquerading is no endpoint, and takes nothing",
      [
        "-A SVC ! -s 10.1.0.0/16 -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ",
        "-A SVC -j KUBE-MARK-MASQ", "-A SVC -j SEP1",
      ],
      chains: ["SVC: 1.0 10.0.0.1:80"]),
    ShareExample(
      "What is dropped, or goes to another service chain, is not the endpoints'", from: "SVL",
      [
        "-A SVL \(random("0.50000000000")) -j DROP", "-A SVL \(random("0.50000000000")) -j SVC",
        "-A SVL -j SEP1", "-A SVC -j SEP2",
      ],
      chains: ["SVC: 1.0 10.0.0.2:80", "SVL: 0.25 10.0.0.1:80"]),
    ShareExample(
      "The local policy before 1.24: those for some clients only are left out", from: "XLB",
      [
        "-A XLB -s 10.1.0.0/16 -j SVC", "-A XLB -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ",
        "-A XLB -m addrtype --src-type LOCAL -j SVC", "-A XLB \(random("0.50000000000")) -j SEP1",
        "-A XLB -j SEP2", "-A SVC -j SEP2",
      ],
      chains: ["SVC: 1.0 10.0.0.2:80", "XLB: 0.5 10.0.0.1:80, 0.5 10.0.0.2:80"]),
    ShareExample(
      "The local policy before 1.24: without an endpoint on the node", from: "XLB",
      ["-A XLB -s 10.1.0.0/16 -j SVC", "-A XLB -j KUBE-MARK-DROP", "-A SVC -j SEP1"],
      chains: ["SVC: 1.0 10.0.0.1:80", "XLB: "]),
    ShareExample(
      "External traffic's chain has no endpoints of its own", from: "EXT",
      ["-A EXT -j KUBE-MARK-MASQ", "-A EXT -j SVL", "-A SVL -j SEP1"],
      chains: ["SVL: 1.0 10.0.0.1:80"]),
    ShareExample(
      "One of every three, and all but that",
      [
        "-A SVC -m statistic --mode nth --every 4 --packet 0 -j SEP1",
        "-A SVC -m statistic --mode nth ! --every 3 --packet 0 -j SEP2", "-A SVC -j SEP3",
      ],
      chains: ["SVC: 0.25 10.0.0.1:80, 0.5 10.0.0.2:80, 0.25"]),
    ShareExample(
      "A probability that is inverted, and two in one rule",
      [
        "-A SVC -m statistic --mode random ! --probability 0.75000000000 -j SEP1",
        "-A SVC \(random("0.50000000000")) \(random("0.50000000000")) -j SEP2", "-A SVC -j SEP3",
      ],
      chains: ["SVC: 0.25 10.0.0.1:80, 0.1875 10.0.0.2:80, 0.5625"]),
    ShareExample(
      "An endpoint's chain that translates twice",
      ["-A SVC -j SEP1", "-A SEP1 -p tcp -m tcp -j DNAT --to-destination 10.0.0.3:80"],
      chains: ["SVC: 1.0 10.0.0.3:80 10.0.0.1:80"]),
  ]
}

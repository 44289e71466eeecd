import Answers
import TestSupport

/// The filter table of a node with pods whose network policies kube-router sees to, as it writes it.
struct KubeRouter {
  /// The chains' names are made anew for each sync.
  var sync: Int
  var pods: Int
  /// In the order in which kube-router's map has them.
  var order: [Int]

  init(sync: Int, pods: Int = 11, order: [Int]? = nil) {
    self.sync = sync
    self.pods = pods
    self.order = order ?? Array(0..<pods)
  }

  func ruleset() throws -> Ruleset {
    try Ruleset(
      RulesetText(filter: (fixed + order.flatMap(pod) + policies).joined(separator: "\n")))
  }

  private let fixed = [
    "-A INPUT -m comment --comment \"kube-router netpol\" -j KUBE-ROUTER-INPUT",
    "-A FORWARD -m comment --comment \"kube-router netpol\" -j KUBE-ROUTER-FORWARD",
    "-A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD",
    "-A KUBE-ROUTER-INPUT -d 10.96.0.0/12 -j RETURN",
    "-A KUBE-NWPLCY-DEFAULT -j MARK --set-xmark 0x10000/0x10000",
  ]

  /// As many characters as kube-router's hashes have, others for each sync.
  private func name(_ prefix: String, _ number: Int) -> String {
    let letters = "\((number + 7) * 7919 + sync * 104_729)".map {
      "ABCDEFGHIJ".map { $0 }[$0.wholeNumberValue ?? 0]
    }
    return prefix + String(letters) + String(repeating: "X", count: 16 - letters.count)
  }

  private func pod(_ number: Int) -> [String] {
    let (chain, ip) = (name("KUBE-POD-FW-", number), "10.42.0.\(number + 2)/32")
    let pod = "name:web-\(number) namespace: shop"
    let jump =
      "-m comment --comment \"rule to jump traffic destined to POD \(pod) to chain \(chain)\""
    return [
      "-A KUBE-ROUTER-FORWARD -d \(ip) \(jump) -j \(chain)",
      "-A KUBE-ROUTER-INPUT -s \(ip) \(jump) -j \(chain)",
      "-A \(chain) -m comment --comment \"rule for stateful firewall for pod\" "
        + "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "-A \(chain) -m comment --comment \"run through nw policy web\" -j \(name("KUBE-NWPLCY-", 100))",
      "-A \(chain) -m comment --comment \"run through nw policy open\" -j \(name("KUBE-NWPLCY-", 101))",
      "-A \(chain) -m comment --comment \"run through nw policy shut\" -j \(name("KUBE-NWPLCY-", 102))",
      "-A \(chain) -m comment --comment \"rule to REJECT traffic destined for POD \(pod)\" "
        + "-m mark ! --mark 0x10000/0x10000 -j REJECT --reject-with icmp-port-unreachable",
    ]
  }

  /// Two policies that say the same, and one without rules.
  private var policies: [String] {
    [100, 101].map {
      "-A \(name("KUBE-NWPLCY-", $0)) -p tcp -m tcp --dport 8080 -j MARK --set-xmark 0x10000/0x10000"
    }
  }
}

import Netfilter
import Platform
import TestSupport

/// The rules of any number of service ports as kube-proxy writes them, each with one endpoint.
enum ServicesText {
  static func ruleset(_ family: IPFamily, count: Int) -> RulesetText {
    var nat: [String] = hooks
    for index in 0..<count { nat += rules(family, index) }
    // Some of them are blocked, and exist in the filter table only.
    let blocked = (count..<count + min(count, 2)).map { index in
      "-A KUBE-SERVICES -d \(address(family, 2, index)) -p tcp -m comment --comment "
        + "\"\(name(index)) has no endpoints\" -m tcp --dport 80 -j REJECT"
    }
    return RulesetText(
      family, nat: nat.joined(separator: "\n"),
      filter: (filterHooks + blocked).joined(separator: "\n"))
  }

  private static let hooks = ["PREROUTING", "OUTPUT"].map {
    "-A \($0) -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"
  }

  private static let filterHooks = ["FORWARD", "OUTPUT"].map {
    "-A \($0) -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES"
  }

  private static func rules(_ family: IPFamily, _ index: Int) -> [String] {
    let endpoint = host(family, 3, index)
    let destination = family == .ipv4 ? "\(endpoint):80" : "[\(endpoint)]:80"
    let service = "KUBE-SVC-\(hash("\(name(index))tcp"))"
    let chain = "KUBE-SEP-\(hash("\(name(index))tcp\(destination)"))"
    return [
      "-A KUBE-SERVICES -d \(address(family, 2, index)) -p tcp -m comment --comment "
        + "\"\(name(index)) cluster IP\" -m tcp --dport 80 -j \(service)",
      "-A \(service) -m comment --comment \"\(name(index)) -> \(destination)\" -j \(chain)",
      "-A \(chain) -p tcp -m comment --comment \"\(name(index))\" -m tcp -j DNAT "
        + "--to-destination \(destination)",
    ]
  }

  private static func name(_ index: Int) -> String { "shop/service-\(index):http" }

  private static func host(_ family: IPFamily, _ network: Int, _ index: Int) -> String {
    family == .ipv4
      ? "10.\(network).\(index / 250).\(index % 250 + 1)"
      : "fd00:\(network)::\(String(index + 1, radix: 16))"
  }

  private static func address(_ family: IPFamily, _ network: Int, _ index: Int) -> String {
    host(family, network, index) + (family == .ipv4 ? "/32" : "/128")
  }

  /// The first 16 characters of the digest's base 32, as kube-proxy takes them.
  private static func hash(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    let digest = SHA256.digest(of: Array(text.utf8))
    return String(
      (0..<16).map { position in
        let bit = position * 5
        let pair = Int(digest[bit / 8]) << 8 | Int(digest[bit / 8 + 1])
        return alphabet[pair >> (11 - bit % 8) & 31]
      })
  }
}

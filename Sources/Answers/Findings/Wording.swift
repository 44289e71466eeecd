internal import KubeProxy
internal import Netfilter

/// How answers say where something is and how many of it there are.
enum Wording {
  /// `1 rule`, `2 rules`.
  static func count(_ number: some BinaryInteger, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// `2 added, 1 removed`; what there is none of is left out.
  static func counts(_ parts: [(number: some BinaryInteger, word: String)]) -> String {
    parts.filter { $0.number > 0 }.map { "\($0.number) \($0.word)" }.joined(separator: ", ")
  }

  /// `KUBE-SERVICES`, `filter's KUBE-SERVICES`, `KUBE-SERVICES (IPv6)`: nat goes without saying for a
  /// chain that isn't built in, and IPv4 does for all.
  static func place(
    _ chain: ChainName, _ table: TableName, _ family: IPFamily, isBuiltIn: Bool = false
  ) -> String {
    let owner = table == .nat && !isBuiltIn ? "" : "\(table.rawValue)'s "
    return "\(owner)\(chain)\(suffix(family))"
  }

  /// ` (IPv6)`, and nothing for IPv4.
  static func suffix(_ family: IPFamily) -> String { family == .ipv6 ? " (IPv6)" : "" }

  /// `CNI's`, `kube-router's`, and `other` where no agent is known.
  static func owner(_ kind: String) -> String {
    kind == "other" ? "other" : "\(name(kind))'s"
  }

  /// ` of CNI`, ` of kube-router`, and nothing where no agent is known.
  static func ofOwner(_ kind: String) -> String { kind == "other" ? "" : " of \(name(kind))" }

  /// An agent's name, by the kind of its chains.
  static func name(_ kind: String) -> String {
    switch kind {
    case ChainKind.kubeRouter: "kube-router"
    case "KUBE-other": "Kubernetes"
    default: kind
    }
  }

  /// The first of some names, and how many more there are.
  static func list(_ names: [String], atMost limit: Int = 3) -> String {
    let shown = names.prefix(limit).joined(separator: ", ")
    return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
  }

  /// A share in percent with one decimal, or none where that is 0: `33.3%`, `50%`.
  static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
  }
}

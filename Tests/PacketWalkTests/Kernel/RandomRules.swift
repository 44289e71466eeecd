import Netfilter
import TestSupport

/// Random rules over all that the walk evaluates, and over some of what it doesn't, in chains that are
/// nested in each other; as iptables-restore takes them.
struct RandomRules {
  let family: IPFamily
  var random: SplitMix64

  /// Chains that the same hooks lead to: what stands in them is valid in all of these.
  private struct Group {
    let name: String
    let hooks: Set<String>
    let count: Int
  }

  /// A chain that rules are made for.
  struct Place {
    let table: TableName
    let chain: String
    /// The hooks that may lead to it.
    let hooks: Set<String>
    /// The chains that it may jump to.
    let chains: [String]
    var isBuiltIn: Bool { !chain.hasPrefix("C-") }
  }

  init(_ family: IPFamily, seed: UInt64) {
    self.family = family
    random = SplitMix64(seed: seed)
  }

  mutating func text() -> String {
    var text = ""
    for table in [TableName.raw, .mangle, .nat, .filter, .security] where !chance(8) {
      text += self.table(table)
    }
    return text
  }

  private mutating func table(_ table: TableName) -> String {
    var groups = Self.hooks(of: table).enumerated().map { index, hooks in
      Group(name: "C-\(index)", hooks: hooks, count: Int.random(in: 1...4, using: &random))
    }
    groups.append(
      Group(
        name: "C-all", hooks: Set(table.builtInChains.map { "\($0)" }),
        count: Int.random(in: 1...3, using: &random)))
    var declarations: [String] = []
    var rules: [String] = []
    for chain in table.builtInChains.map({ "\($0)" }) {
      let policy = table != .nat && chance(20) ? "DROP" : "ACCEPT"
      declarations.append(":\(chain) \(policy) [1:1]")
      let chains = groups.filter { $0.hooks.contains(chain) }.flatMap { group in
        (0..<group.count).map { "\(group.name)-\($0)" }
      }
      let place = Place(table: table, chain: chain, hooks: [chain], chains: chains)
      for _ in 0..<Int.random(in: 1...7, using: &random) { rules.append(rule(place)) }
    }
    for group in groups {
      for index in 0..<group.count {
        let chain = "\(group.name)-\(index)"
        declarations.append(":\(chain) - [0:0]")
        // Only to later ones, so that there is no loop.
        let chains = (index + 1..<max(index + 1, group.count)).map { "\(group.name)-\($0)" }
        let shared =
          group.name == "C-all" ? [] : (0..<groups[groups.count - 1].count).map { "C-all-\($0)" }
        let place = Place(
          table: table, chain: chain, hooks: group.hooks, chains: chains + shared)
        for _ in 0..<Int.random(in: 1...5, using: &random) { rules.append(rule(place)) }
      }
    }
    return (["*\(table.rawValue)"] + declarations + rules + ["COMMIT", ""]).joined(separator: "\n")
  }

  /// The built-in chains, divided by what may stand in them.
  private static func hooks(of table: TableName) -> [Set<String>] {
    switch table {
    case .raw: [["PREROUTING"], ["OUTPUT"]]
    case .mangle: [["PREROUTING", "INPUT", "FORWARD"], ["OUTPUT", "POSTROUTING"]]
    case .nat: [["PREROUTING", "OUTPUT"], ["POSTROUTING"], ["INPUT"]]
    case .filter, .security: [["INPUT", "FORWARD"], ["OUTPUT"]]
    }
  }

  private mutating func rule(_ place: Place) -> String {
    var conditions = RandomConditions(family, place, random)
    random = SplitMix64(seed: random.next())
    let target = self.target(place, hasPorts: chance(2) ? nil : "tcp")
    conditions.ipProtocol = target.ipProtocol
    let text = conditions.text(atLeast: target.isFinal ? 1 : 0)
    return "-A \(place.chain) \(text)\(target.text)"
  }

  private mutating func target(
    _ place: Place, hasPorts: String?
  ) -> (text: String, isFinal: Bool, ipProtocol: String?) {
    switch Int.random(in: 0..<100, using: &random) {
    case ..<34:
      guard let chain = place.chains.randomElement(using: &random) else { return ("", false, nil) }
      return (chance(6) ? "-g \(chain)" : "-j \(chain)", false, nil)
    case ..<42: return ("", false, nil)
    case ..<46: return ("-j ACCEPT", true, nil)
    case ..<48: return place.table == .nat ? ("", false, nil) : ("-j DROP", true, nil)
    case ..<54: return ("-j RETURN", true, nil)
    case ..<68: return ("-j \(mark())", false, nil)
    case ..<80: return ("-j \(connectionMark())", false, nil)
    case ..<82: return ("-j LOG --log-prefix \"a \" ", false, nil)
    default: return special(place)
    }
  }

  mutating func mark() -> String {
    let (value, mask) = (pick(Self.marks), pick(Self.marks))
    return pick([
      "MARK --set-xmark \(value)/\(mask)", "MARK --set-mark \(value)", "MARK --or-mark \(value)",
      "MARK --and-mark \(mask)", "MARK --xor-mark \(value)", "MARK --set-mark \(value)/\(mask)",
    ])
  }

  private mutating func connectionMark() -> String {
    let (value, mask, other) = (pick(Self.marks), pick(Self.marks), pick(Self.marks))
    return pick([
      "CONNMARK --set-xmark \(value)/\(mask)", "CONNMARK --save-mark", "CONNMARK --restore-mark",
      "CONNMARK --save-mark --nfmask \(mask) --ctmask \(other)",
      "CONNMARK --restore-mark --nfmask \(mask) --ctmask \(other)", "CONNMARK --or-mark \(value)",
      "CONNMARK --set-mark \(value)/\(mask)", "CONNMARK --xor-mark \(value)",
    ])
  }

  static let marks = ["0x1", "0x4000", "0x8000", "0xf0", "0xffff", "0x10", "0x4001", "0xffffffff"]

  /// What only some tables and hooks take.
  private mutating func special(
    _ place: Place
  ) -> (text: String, isFinal: Bool, ipProtocol: String?) {
    switch place.table {
    case .raw:
      return (
        pick([
          "-j NOTRACK", "-j CT --notrack", "-j DROP", "-j CT --zone 3", "-j CT --ctevents new", "",
        ]), true, nil
      )
    case .mangle:
      let values = [
        family == .ipv4 ? "-j TTL --ttl-set 63" : "-j HL --hl-set 63", "-j DSCP --set-dscp 0x0a",
        "",
      ]
      return (pick(values), false, nil)
    case .filter:
      let reject = family == .ipv4 ? "icmp-port-unreachable" : "icmp6-port-unreachable"
      let other = family == .ipv4 ? "icmp-admin-prohibited" : "icmp6-adm-prohibited"
      switch Int.random(in: 0..<5, using: &random) {
      case 0: return ("-j REJECT --reject-with tcp-reset", true, "tcp")
      case 1: return ("-j REJECT --reject-with \(reject)", true, nil)
      case 2: return ("-j REJECT --reject-with \(other)", true, nil)
      default: return ("", false, nil)
      }
    case .security: return (pick(["-j DROP", "-j ACCEPT"]), true, nil)
    case .nat: return translation(place)
    }
  }

  private mutating func translation(
    _ place: Place
  ) -> (text: String, isFinal: Bool, ipProtocol: String?) {
    let ipProtocol = pick(["tcp", "udp"])
    func end(_ address: String, _ port: String) -> String {
      family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
    if place.hooks.isSubset(of: ["PREROUTING", "OUTPUT"]) {
      let address = pick(Self.destinations[family] ?? [])
      let network = family == .ipv4 ? "10.244.1.0/24" : "fd00:10:244:1::/64"
      let port = pick(["80", "8080", "5353"])
      switch Int.random(in: 0..<8, using: &random) {
      case 0, 1: return ("-j DNAT --to-destination \(address)", true, nil)
      case 2, 3: return ("-j DNAT --to-destination \(end(address, port))", true, ipProtocol)
      case 4: return ("-j DNAT --to-destination :\(port)", true, ipProtocol)
      case 5: return ("-j REDIRECT", true, nil)
      case 6:
        return ("-j REDIRECT --to-ports \(pick(["15001", "100-200", "50-90"]))", true, ipProtocol)
      default: return ("-j NETMAP --to \(network)", true, nil)
      }
    }
    if place.hooks == ["POSTROUTING"] || place.hooks == ["INPUT"] {
      let address = pick(Self.sources[family] ?? [])
      if place.hooks == ["POSTROUTING"], chance(2) {
        return (
          pick(["-j MASQUERADE", "-j MASQUERADE --random-fully"]), true, nil
        )
      }
      switch Int.random(in: 0..<3, using: &random) {
      case 0: return ("-j SNAT --to-source \(address)", true, nil)
      case 1: return ("-j SNAT --to-source \(end(address, "1024-65535"))", true, ipProtocol)
      default:
        return ("-j NETMAP --to \(family == .ipv4 ? "10.77.0.0/16" : "fd00:77::/64")", true, nil)
      }
    }
    return ("", false, nil)
  }

  private static let destinations: [IPFamily: [String]] = [
    .ipv4: [
      "10.244.1.3", "10.244.1.4", "10.244.2.3", "10.244.3.4", "198.51.100.9", "192.168.50.1",
      "10.244.1.1",
      "10.244.1.3-10.244.1.6",
    ],
    .ipv6: [
      "fd00:10:244:1::3", "fd00:10:244:1::4", "fd00:10:244:2::3", "fd00:10:244:3::4", "2001:db8::9",
      "fd00:50::1",
      "fd00:10:244:1::3-fd00:10:244:1::6",
    ],
  ]

  private static let sources: [IPFamily: [String]] = [
    .ipv4: ["192.168.50.1", "10.9.9.9", "10.244.1.1"],
    .ipv6: ["fd00:50::1", "fd00:9::9", "fd00:10:244:1::1"],
  ]

  private mutating func chance(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &random) == 0
  }

  private mutating func pick(_ values: [String]) -> String {
    values[Int.random(in: values.indices, using: &random)]
  }
}

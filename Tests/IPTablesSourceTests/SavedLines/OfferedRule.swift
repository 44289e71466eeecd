import Netfilter
import TestSupport

/// A rule that a backend may take or refuse, alone in a chain of its own.
struct OfferedRule: Sendable {
  /// The chain; its name says where the rule is from, such as `xt_tcp:003`.
  let chain: String
  /// What stands behind the chain's name.
  let text: String
  let table: TableName
  /// The families whose tools know the options.
  let families: [IPFamily]
  /// Whether iptables itself expects a refusal.
  var isRefusedByPlan = false

  /// A dump of rules of one table. It has the chain THERE too.
  static func dump(of rules: some Collection<OfferedRule>, _ table: TableName) -> String {
    let lines =
      ["*\(table.rawValue)", ":THERE - [0:0]"] + rules.map { ":\($0.chain) - [0:0]" }
      + rules.map { "-A \($0.chain) \($0.text)" } + ["COMMIT", ""]
    return lines.joined(separator: "\n")
  }

  /// With zeros before it: libiptc sorts chains by name, and the kernel checks rules in that order.
  static func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 3 - String(number).count)) + String(number)
  }
}

/// Those of this project's examples.
extension OfferedRule {
  static let examples: [OfferedRule] = {
    let texts = RuleText.known.map { ($0.text, $0.table, $0.family) }
    let rendered = (RenderedRule.all + RenderedRule.extensions + RenderedRule.targetExtensions)
      .map { ($0.text, $0.table, $0.family) }
    let protocols = IPFamily.allCases.flatMap { family in
      (1...255).map { ("-p \($0)", TableName.filter, family) }
    }
    let readable = (texts + rendered + protocols).filter { !unreadable.contains($0.0) }
    return readable.enumerated().map { number, rule in
      OfferedRule(
        chain: "example:" + padded(number), text: rule.0, table: rule.1, families: [rule.2])
    }
  }()

  /// iptables-save prints the quote as it stands, so that iptables-restore can't read its own file.
  private static let unreadable = [#"-m recent --remove --name "a\"b c""#]

  /// Conditions that nothing meets, and a target of old.
  static let refusedByNFT: Set<String> = ["! -s 0.0.0.0/0", "! -s ::/0", "-j QUEUE"]

  /// Rules without which a kernel refuses some of the examples.
  static let groundwork: [OfferedRule] =
    Set(RenderedRule.extensions.map(\.groundwork)).sorted().flatMap { dump in
      let heading = dump.prefix { $0 != "\n" }.dropFirst()
      let table = TableName(rawValue: String(heading)) ?? .filter
      return RuleLines.all(in: Array(dump.utf8)).enumerated().map { number, line in
        OfferedRule(
          chain: "groundwork:" + padded(number),
          text: line.split(separator: " ", maxSplits: 2).dropFirst(2).joined(), table: table,
          families: IPFamily.allCases)
      }
    }
}

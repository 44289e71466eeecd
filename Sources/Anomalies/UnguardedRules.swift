internal import KubeProxy
internal import Netfilter

/// What a rule does that takes every packet. The raw value is the verb in sentences.
///
/// Matches that every packet passes are no conditions: `comment`, `nfacct`, and a `mark` whose mask is 0.
enum UnguardedTarget: String {
  /// DROP or REJECT.
  case blocks = "drops"
  case accepts
  case returns

  /// Nil where a packet may get past the rule.
  init?(_ line: Span<UInt8>) {
    // Nearly all rules begin with an address, a protocol or an interface.
    guard line.count > 1, line[0] == UInt8(ascii: "-"),
      "mjg".utf8.contains(line[1])
    else { return nil }
    var elements = LineElements()
    var owner = 0..<0
    while let element = elements.next(line) {
      switch element.kind {
      case .match:
        guard Self.vacuous.contains(where: { line.isText($0, element.name) }) else { return nil }
        owner = element.name
      case .option where line.isText("mark", owner):
        if element.isInverted || !line.isText("0x0/0x0", element.value) { return nil }
      case .option: break
      case .selector, .goto: return nil
      case .target:
        self.init(target: element.name, line)
        return
      }
    }
    return nil
  }

  private init?(target name: Range<Int>, _ line: Span<UInt8>) {
    if line.isText("DROP", name) || line.isText("REJECT", name) {
      self = .blocks
    } else if line.isText("ACCEPT", name) {
      self = .accepts
    } else if line.isText("RETURN", name) {
      self = .returns
    } else {
      return nil
    }
  }

  private static let vacuous = ["comment", "mark", "nfacct"]
}

extension RuleList {
  /// What the rule at `position` does with each packet; nil where one may get past it.
  func unguardedTarget(at position: Int) -> UnguardedTarget? {
    UnguardedTarget(line(at: position).span)
  }
}

/// The rules of a chain that drop, accept or return whatever comes to them, though kube-proxy and the
/// kubelet write them under a condition.
struct UnguardedRules {
  private(set) var drops: [Int] = []
  private(set) var verdicts: [Int] = []

  /// - Parameters:
  ///   - positions: those that are looked at; nil for all.
  ///   - countsReturns: whether a rule that returns everything is one of them.
  init(in rules: RuleList, only positions: [Int]? = nil, countsReturns: Bool = true) {
    for position in positions ?? Array(rules.indices) {
      switch rules.unguardedTarget(at: position) {
      case .blocks: drops.append(position)
      case .accepts: verdicts.append(position)
      // At the end of a chain it changes nothing.
      case .returns:
        if countsReturns, position < rules.count - 1 { verdicts.append(position) }
      case nil: break
      }
    }
  }

  var isEmpty: Bool { drops.isEmpty && verdicts.isEmpty }

  func contains(_ position: Int) -> Bool {
    drops.contains(position) || verdicts.contains(position)
  }

  /// At most one finding of a kind.
  func findings(
    in content: TableContent, chain: Int, servicePort: ServicePort? = nil
  ) -> [Finding] {
    let name = content.chains[chain].name
    let rules = content.chains[chain].rules
    var findings: [Finding] = []
    if let first = drops.first {
      findings.append(
        content.finding(
          .unguardedDrop, chain: chain, drops, servicePort: servicePort,
          "rule \(first + 1) of \(name) drops every packet that comes to it"))
    }
    if let first = verdicts.first {
      let behind = rules.count - first - 1
      let does = rules.unguardedTarget(at: first)?.rawValue ?? ""
      let rest =
        behind == 0
        ? ""
        : behind == 1
          ? ", so none reaches the rule behind" : ", so none reaches the \(behind) behind"
      findings.append(
        content.finding(
          .unguardedVerdict, chain: chain, verdicts, servicePort: servicePort,
          "rule \(first + 1) of \(name) \(does) every packet that comes to it\(rest)"))
    }
    return findings
  }
}

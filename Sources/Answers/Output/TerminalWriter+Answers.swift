internal import Console
internal import KubeProxy
internal import Netfilter

/// What several answers write for people.
extension TerminalWriter {
  /// Writes what to know of a rule set where kube-proxy is not in iptables mode.
  mutating func notice(_ mode: KubeProxyMode, of ruleset: String, isKernel: Bool) {
    guard let notice = mode.notice(ofKernel: isKernel) else { return }
    write("\(ruleset): ", .strong)
    line(notice, mode.servesElsewhere ? .notable : .faint)
  }

  /// Writes a rule on a line of its own, and where it stands: `-A KUBE-FORWARD …  (rule 3)`.
  ///
  /// - Parameter place: What comes before the rule's position.
  mutating func rule(
    _ rule: Rule, in chain: ChainName, at position: Int, place: String = ""
  ) {
    write("    ")
    write(rule.bytes(in: chain))
    line("  (\(place)rule \(position + 1))", .faint)
  }

  /// Writes why something matters and what to do about it, in lines of at most 100 characters.
  mutating func explain(reason: String, advice: String) {
    paragraph("Why it matters: ", reason)
    paragraph("What to do: ", advice)
  }

  private mutating func paragraph(_ head: String, _ paragraph: String) {
    write("  " + head, .strong)
    var column = 1 + head.count
    for (index, word) in paragraph.split(separator: " ").enumerated() {
      if index > 0, column + 1 + word.count > 100 {
        endLine()
        write("   ")
        column = 3
      }
      write((index > 0 ? " " : "") + word)
      column += 1 + word.count
    }
    endLine()
  }
}

internal import KubeProxy
internal import Netfilter

extension Finding {
  /// What the differences of all families mean; what matters most first.
  ///
  /// - Parameters:
  ///   - selection: the service ports that are asked for; nil for everything.
  ///   - pattern: the selection, as people wrote it.
  static func all(
    of comparisons: [FamilyComparison], _ counts: DifferenceCounts,
    selection: ((ServicePort) -> Bool)?, pattern: String?
  ) -> [Finding] {
    var findings: [Finding] = []
    for var comparison in comparisons {
      let renames = selection == nil ? comparison.takeRenames() : []
      let tally = ChangeTally(comparison, selection)
      findings += DispatchFindings(comparison, tally).moves
      findings += ServiceFindings(comparison, tally).findings
      guard selection == nil else { continue }
      findings += HookFindings(comparison).findings
      findings += DispatchFindings(comparison, tally).nodePortJump
      findings += ChainFindings(comparison, tally, renames).findings
    }
    if counts.rulesRewritten > 0 { findings.append(rewritten(counts)) }
    if counts == DifferenceCounts() {
      let place = pattern.map { " for the service ports that match '\($0)'" } ?? ""
      findings.append(Finding(.nothing, .none, "nothing changed" + place))
    }
    // Stable: what is equally important stays in order.
    return findings.enumerated().sorted {
      ($0.element.kind, $0.offset) < ($1.element.kind, $1.offset)
    }
    .map(\.element)
  }

  private static func rewritten(_ counts: DifferenceCounts) -> Finding {
    let rules = Wording.count(counts.rulesRewritten, "rule")
    let verb = counts.rulesRewritten == 1 ? "was" : "were"
    return Finding(
      .rewritten, .none,
      "\(rules) \(verb) written again with the same content: no effect on traffic")
  }
}

internal import Churn
internal import KubeProxy
internal import Netfilter
internal import Tracking

extension Page {
  /// The last rules that changed, reading by reading, the last reading first.
  var changes: Markup {
    let log = state.ledger.log
    return changes(
      dispatchNote, log.changes + (request.showsDispatchMoves ? log.dispatchMoves : []))
  }

  /// Those of the last changes that are a service port's.
  func changes(of port: ServicePort) -> Markup {
    let log = state.ledger.log
    let batches = (log.changes + log.dispatchMoves).compactMap {
      $0.filtered { $0.owner == port }
    }
    return changes(
      """
      Of the last \(ChangeLog.capacity) rules of the node that changed, and the last \
      \(ChangeLog.capacity) that moved in dispatch chains: those of this service port.
      """, batches)
  }

  /// Of all batches no more changes than the log's capacity.
  private func changes(_ note: Markup, _ batches: [ChangeLog.Batch]) -> Markup {
    let last = ChangeLog.last(batches.sorted { $0.time < $1.time }).reversed()
    return """
      <section aria-labelledby="changes">
      <h2 id="changes">Last changes</h2>
      <p class="quiet">\(note)</p>
      \(table(of: Array(last)))</section>

      """
  }

  private func table(of batches: [ChangeLog.Batch]) -> Markup {
    if batches.isEmpty {
      return "<p class=\"quiet\">No other change was seen since the exporter started.</p>\n"
    }
    return table(
      "changes", " id=\"rule-changes\"", heads(["Change", "Table", "Service port", "Rule"]),
      "\(batches.map(changes))")
  }

  private var dispatchNote: Markup {
    if request.showsDispatchMoves {
      let without = request.with { $0.showsDispatchMoves = false }
      return """
        With rules that moved in kube-proxy&#39;s dispatch chains. \(link(without, "Leave them out"))
        """
    }
    let with = request.with { $0.showsDispatchMoves = true }
    return """
      Without rules that moved in kube-proxy&#39;s dispatch chains, such as KUBE-SERVICES, whose \
      order is random. \(link(with, "Show them too"))
      """
  }

  private func changes(of batch: ChangeLog.Batch) -> Markup {
    let time = PageTime(time: batch.time, now: now)
    let (count, shown) = (batch.count, batch.changes.count)
    let part: Markup =
      shown < count ? ", of which \(shown) \(shown == 1 ? "is shown" : "are shown")" : ""
    return """
      <tbody><tr class="group"><th colspan="4" scope="rowgroup">\
      <time datetime="\(text: time.timestamp)">\(text: time.timestamp)</time> · \(text: time.age) · \
      \(count) \(count == 1 ? "rule" : "rules")\(part)</th></tr>
      \(batch.changes.map(row))</tbody>

      """
  }

  private func row(_ change: RuleChange) -> Markup {
    let kind: Markup =
      switch change.event {
      case .added(let position): "<span class=\"badge added\">added</span> at \(position + 1)"
      case .removed(let position):
        "<span class=\"badge removed\">removed</span> from \(position + 1)"
      case .moved(let from, let to):
        "<span class=\"badge moved\">moved</span> \(from + 1) → \(to + 1)"
      }
    return """
      <tr><td data-label="Change">\(kind)</td>\
      <td data-label="Table">\(text: change.family.rawValue) \(text: change.table.rawValue)</td>\
      <td data-label="Service port">\
      \(change.owner.map(name) ?? "<span class=\"none\">–</span>")</td>\
      <td class="rule" data-label="Rule"><code><bdi>\(text: change.rule.text(in: change.chain))</bdi></code></td></tr>

      """
  }
}

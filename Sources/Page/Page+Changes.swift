internal import KubeProxy
internal import Netfilter
internal import Platform
internal import Tracking

extension Page {
  /// The last rules that changed, reading by reading, the last reading first.
  func writeChanges(to page: inout HTMLWriter) {
    page.write("<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">Last changes</h2>\n")
    writeDispatchNote(to: &page)
    let batches = recentBatches
    if batches.isEmpty {
      page.write("<p class=\"quiet\">No other change was seen since the exporter started.</p>\n")
    } else {
      page.write(
        """
        <div class="wide" role="region" aria-labelledby="changes" tabindex="0">
        <table id="rule-changes">
        <thead><tr><th scope="col">Change</th><th scope="col">Table</th>\
        <th scope="col">Service port</th><th scope="col">Rule</th></tr></thead>

        """)
      for batch in batches { write(batch, to: &page) }
      page.write("</table></div>\n")
    }
    page.write("</section>\n")
  }

  /// The readings with changes to show, the last one first, and of all no more than the log's capacity.
  private var recentBatches: [ChangeLog.Batch] {
    var batches = state.ledger.log.changes
    if request.showsDispatchMoves {
      batches += state.ledger.log.dispatchMoves
      batches.sort { $0.time < $1.time }
    }
    return ChangeLog.last(batches).reversed()
  }

  private func writeDispatchNote(to page: inout HTMLWriter) {
    page.write("<p class=\"quiet\">")
    if request.showsDispatchMoves {
      page.write("With rules that moved in kube-proxy&#39;s dispatch chains. ")
      writeLink(request.with { $0.showsDispatchMoves = false }, "Leave them out", to: &page)
    } else {
      page.write(
        "Without rules that moved in kube-proxy&#39;s dispatch chains, such as KUBE-SERVICES, whose "
      )
      page.write("order is random. ")
      writeLink(request.with { $0.showsDispatchMoves = true }, "Show them too", to: &page)
    }
    page.write("</p>\n")
  }

  private func write(_ batch: ChangeLog.Batch, to page: inout HTMLWriter) {
    let time = PageTime(time: batch.time, now: now)
    page.write("<tbody><tr class=\"group\"><th colspan=\"4\" scope=\"rowgroup\"><time datetime=\"")
    page.write(text: time.timestamp)
    page.write("\">")
    page.write(text: time.timestamp)
    page.write("</time> · ")
    page.write(text: time.age)
    page.write(" · ")
    page.write(batch.count)
    page.write(batch.count == 1 ? " rule" : " rules")
    if batch.changes.count < batch.count {
      page.write(", of which ")
      page.write(batch.changes.count)
      page.write(batch.changes.count == 1 ? " is shown" : " are shown")
    }
    page.write("</th></tr>\n")
    for change in batch.changes { write(change, to: &page) }
    page.write("</tbody>\n")
  }

  private func write(_ change: RuleChange, to page: inout HTMLWriter) {
    page.write("<tr><td>")
    switch change.kind {
    case .added(let position):
      page.write("<span class=\"badge added\">added</span> at ")
      page.write(position + 1)
    case .removed(let position):
      page.write("<span class=\"badge removed\">removed</span> from ")
      page.write(position + 1)
    case .moved(let from, let to):
      page.write("<span class=\"badge moved\">moved</span> ")
      page.write(from + 1)
      page.write(" → ")
      page.write(to + 1)
    }
    page.write("</td><td>")
    page.write(text: "\(change.family.rawValue) \(change.table.rawValue)")
    page.write("</td><td>")
    if let owner = change.owner {
      page.write("<bdi>")
      page.write(text: "\(owner)")
      page.write("</bdi> <span class=\"quiet\">")
      page.write(text: owner.transport.rawValue)
      page.write("</span>")
    } else {
      page.write("<span class=\"none\">–</span>")
    }
    page.write("</td><td class=\"rule\"><code><bdi>")
    page.write(text: change.rule.text(in: change.chain))
    page.write("</bdi></code></td></tr>\n")
  }
}

/// A moment as the page shows it: how long ago it was, and when exactly.
struct PageTime {
  let time: Moment
  let now: Moment

  /// Such as `4 min ago`.
  var age: String {
    let seconds = Int(min(time.age(at: now), 1e12))
    return switch seconds {
    case ..<1: "just now"
    case ..<120: "\(seconds) s ago"
    case ..<7200: "\(seconds / 60) min ago"
    case ..<172_800: "\(seconds / 3600) h ago"
    default: "\(seconds / 86_400) d ago"
    }
  }

  /// Such as `2026-11-22T11:41:30.123Z`.
  var timestamp: String { WallClock.timestamp(of: time.wallClock) }
}

extension HTMLWriter {
  /// Writes how long ago it was; the exact time is in the element's attributes.
  mutating func write(_ time: PageTime) {
    write("<time datetime=\"")
    write(text: time.timestamp)
    write("\" title=\"")
    write(text: time.timestamp)
    write("\">")
    write(text: time.age)
    write("</time>")
  }
}

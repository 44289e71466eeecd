package import Collectors
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Tracking

/// The page for people, in HTML: what one reading came to, on the node or of one service port.
///
/// It works without scripts, and loads nothing from anywhere.
package struct Page {
  let state: RulesetState
  let request: PageRequest
  let build: BuildInformation
  let showsConnections: Bool
  /// The time from which ages are computed.
  let now: Moment

  /// The header fields that belong to it: the browser is to run nothing, load nothing, and apply no
  /// style but the page's own.
  package static let headers: [(name: String, value: String)] = [
    (
      "Content-Security-Policy",
      "default-src 'none'; style-src \(PageStyle.page.source); form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'"
    ),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
  ]

  /// Renders the page, in segments: what stays the same, and what doesn't.
  func render() -> RenderedPage {
    let (title, main, isFound) = content
    let head: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title)kube-iptables-exporter\(node.isEmpty ? "" : " on ")\(text: node)</title>
      <style>\(PageStyle.page)</style>
      </head>

      """
    let body: Markup = """
      <body>
      <a class="skip" href="#main">Skip to the content</a>
      <header>
      <div><p class="node">\(nodeName)</p>
      <p class="quiet">What kube-proxy&#39;s iptables rules hold on this node, and what changes in \
      them\(readingAge).</p></div>
      <nav aria-label="Other pages"><a href="?">Node</a>\
      <a href="\(text: request.telemetryPath)">Metrics</a>\
      <a href="/-/healthy">Health</a><a href="/-/ready">Readiness</a></nav>
      </header>
      <main id="main" tabindex="-1">
      \(main)</main>
      </body>
      </html>

      """
    return RenderedPage(isFound: isFound, body: [head.bytes, body.bytes])
  }

  /// What the title begins with, what the page shows, and whether that is there.
  private var content: (title: Markup, main: Markup, isFound: Bool) {
    if let service = request.service { return content(of: service) }
    let main: Markup = """
      <h1>\(node.isEmpty ? "kube-iptables-exporter" : "Node <bdi>\(text: node)</bdi>")</h1>
      \(facts)\(contents)\(failures)\(mixedBackends)\(faults)\(services)\(changes)\(tables)
      """
    return ("", main, true)
  }

  private var node: String { request.node }

  private var nodeName: Markup {
    node.isEmpty
      ? "<b>kube-iptables-exporter</b>"
      : "<b>kube-iptables-exporter</b> on <bdi>\(text: node)</bdi>"
  }

  private var readingAge: Markup {
    state.reading.time.map { " (read \(PageTime(time: $0, now: now)))" } ?? ""
  }

  private var contents: Markup {
    """
    <nav aria-label="On this page"><a href="#services">Service ports</a>\
    <a href="#changes">Last changes</a><a href="#tables">Tables</a></nav>

    """
  }

  // MARK: What is known of the node

  private var facts: Markup {
    let counts = state.services.map { ($0.family, $0.map.services.count) }
    let last = state.ledger.lastChanges.values.max().map { PageTime(time: $0, now: now) }
    let facts = [
      fact("Version", build.version, "revision \(build.revision)"),
      fact("Backend", backend.name, backend.reason),
      fact(
        "kube-proxy&#39;s mode", state.mode.rawValue,
        state.hasMixedBackends ? "rules in both backends" : nil),
      fact(
        "Service ports", String(counts.reduce(0) { $0 + $1.1 }),
        counts.map { "\($1) \($0.rawValue)" }.joined(separator: ", ")),
      fact("Last change", last?.age ?? "none seen", last?.timestamp),
    ]
    return "<dl class=\"facts\">\n\(facts)</dl>\n"
  }

  func fact(_ name: Markup, _ value: String, _ detail: String?) -> Markup {
    let detail = detail ?? ""
    let small: Markup = detail.isEmpty ? "" : "<small>\(text: detail)</small>"
    return "<div><dt>\(name)</dt><dd>\(text: value)\(small)</dd></div>\n"
  }

  /// The backend whose service ports are shown, and what says that it is kube-proxy's.
  private var backend: (name: String, reason: String?) {
    if let choice = state.source.choice {
      return (choice.backend.rawValue, "by \(choice.reason.rawValue)")
    }
    let backends = Set(state.families.filter(\.isFollowed).map(\.backend)).sorted()
    if backends.isEmpty { return ("none", nil) }
    return (backends.map(\.rawValue).joined(separator: ", "), nil)
  }

  var failures: Markup {
    let failures = state.families.compactMap { family -> Markup? in
      guard case .failure(let error) = family.result else { return nil }
      return """
        <p class="alert" role="alert"><strong>\(text: family.backend.rawValue) \
        \(text: family.family.rawValue)</strong> \(text: error.description)</p>

        """
    }
    return "\(failures)"
  }

  // MARK: The tables that were read

  private var tables: Markup {
    let rows = state.readFamilies.flatMap { family, reading in
      reading.snapshot.tables.map { row($0, of: family) }
    }
    if rows.isEmpty { return "" }
    let head = heads(
      ["Table", "Family", "Backend"], numbers: ["Chains", "Rules", "Bytes", "Last change"])
    return """
      <section aria-labelledby="tables">
      <h2 id="tables">Tables</h2>
      \(table("tables", "", head, "<tbody>\n\(rows)</tbody>\n"))</section>

      """
  }

  private func row(_ table: TableSnapshot, of family: FamilyState) -> Markup {
    let key = TableIdentity(family: family.family, table: table.name)
    let note: Markup = family.isFollowed ? "" : " <span class=\"quiet\">not followed</span>"
    return """
      <tr><th scope="row">\(text: table.name.rawValue)</th><td data-label="Family">\(text: family.family.rawValue)</td>\
      <td data-label="Backend">\(text: family.backend.rawValue)\(note)</td>\
      \(numberCell("\(table.content.chains.count)", "Chains"))\
      \(numberCell("\(table.content.ruleCount)", "Rules"))\
      \(numberCell(table.size.map { "\($0)" }, "Bytes"))\
      \(timeCell(family.isFollowed ? state.ledger.lastChanges[key] : nil, "Last change"))</tr>

      """
  }
}

/// Tables, which narrow screens can scroll.
extension Page {
  /// - Parameters:
  ///   - heading: The id of the heading above it.
  ///   - attributes: The table's own, each behind a blank.
  func table(_ heading: Markup, _ attributes: Markup, _ head: Markup, _ body: Markup) -> Markup {
    """
    <div class="wide" role="group" aria-labelledby="\(heading)" tabindex="0">
    <table\(attributes)>
    <thead><tr>\(head)</tr></thead>
    \(body)</table></div>

    """
  }

  /// The heads of columns of words, and of columns of numbers behind them.
  func heads(_ words: [Markup], numbers: [Markup] = []) -> Markup {
    let columns = words.map { "<th scope=\"col\">\($0)</th>" as Markup }
    return "\(columns)\(numbers.map { "<th scope=\"col\" class=\"number\">\($0)</th>" as Markup })"
  }

  /// A cell of a number or a time; narrow screens show the label beside it.
  func numberCell(_ content: Markup?, _ label: Markup, isQuiet: Bool = false) -> Markup {
    """
    <td class="number\(isQuiet || content == nil ? " none" : "")" data-label="\(label)">\
    \(content ?? "–")</td>
    """
  }

  func timeCell(_ time: Moment?, _ label: Markup) -> Markup {
    numberCell(time.map { "\(PageTime(time: $0, now: now))" }, label)
  }
}

extension Exporter {
  /// Renders the page for people, from a new reading or a recent one.
  ///
  /// It is no scrape: nobody's "since the last scrape" begins with it.
  ///
  /// - Parameter age: How old the last reading may be; nil if a new one is needed.
  package func page(_ request: PageRequest, acceptingAge age: Duration? = nil) async -> RenderedPage
  {
    let showsConnections = options.collectors.contains(.connections)
    // Whoever looks at one service port sees what its rules have counted.
    let counters: CounterSelection =
      showsConnections || request.service != nil ? .connections : []
    let page = await withState(counters, since: age.map { now().instant - $0 }) { state in
      Page(
        state: state, request: request, build: options.build, showsConnections: showsConnections,
        now: now()
      ).render()
    }
    // It waits for as long as the reading takes.
    return page ?? RenderedPage(isFound: false, body: [])
  }
}

/// A page that can be sent, with ``Page/headers``.
package struct RenderedPage: Sendable {
  /// Whether what it was asked for exists.
  package let isFound: Bool
  /// HTML in UTF-8, in segments.
  package let body: [[UInt8]]
}

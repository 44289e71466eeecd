package import Collectors
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Tracking

/// The page for people, in HTML: what one reading came to.
///
/// It works without scripts, and loads nothing from anywhere.
package struct Page {
  let state: RulesetState
  let request: PageRequest
  let build: BuildInformation
  let showsConnections: Bool
  /// The time that the page tells ages by.
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

  /// The page in segments: what stays the same, and what doesn't.
  func render() -> [[UInt8]] {
    var head = HTMLWriter()
    head.write(
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>kube-iptables-exporter</title>

      """)
    head.write(PageStyle.page)
    head.write("</head>\n")
    var body = HTMLWriter()
    body.write("<body>\n")
    writeHeader(to: &body)
    body.write("<main>\n")
    writeFacts(to: &body)
    writeFailures(to: &body)
    writeServices(to: &body)
    writeChanges(to: &body)
    writeTables(to: &body)
    body.write("</main>\n</body>\n</html>\n")
    return [head.bytes, body.bytes]
  }

  private func writeHeader(to page: inout HTMLWriter) {
    page.write(
      """
      <header>
      <div><h1>kube-iptables-exporter</h1>
      <p class="quiet">What kube-proxy&#39;s iptables rules hold on this node, and what changes in \
      them.</p></div>
      <nav aria-label="Other pages"><a href="
      """)
    page.write(text: request.telemetryPath)
    page.write(
      """
      ">Metrics</a><a href="/-/healthy">Health</a><a href="/-/ready">Readiness</a></nav>
      </header>

      """)
  }

  // MARK: What is known of the node

  private func writeFacts(to page: inout HTMLWriter) {
    page.write("<dl class=\"facts\">\n")
    writeFact("Version", build.version, detail: "revision \(build.revision)", to: &page)
    writeFact("Backend", backend.name, detail: backend.reason, to: &page)
    writeFact(
      "kube-proxy&#39;s mode", state.mode.rawValue,
      detail: state.hasMixedBackends ? "rules in both backends" : nil, to: &page)
    let counts = state.services.map { ($0.family, $0.map.services.count) }
    writeFact(
      "Service ports", String(counts.reduce(0) { $0 + $1.1 }),
      detail: counts.map { "\($1) \($0.rawValue)" }.joined(separator: ", "), to: &page)
    let last = state.ledger.lastChanges.values.max().map { PageTime(time: $0, now: now) }
    writeFact("Last change", last?.age ?? "none seen", detail: last?.timestamp, to: &page)
    page.write("</dl>\n")
  }

  private func writeFact(
    _ name: Markup, _ value: String, detail: String?, to page: inout HTMLWriter
  ) {
    page.write("<div><dt>")
    page.write(name)
    page.write("</dt><dd>")
    page.write(text: value)
    if let detail, !detail.isEmpty {
      page.write("<small>")
      page.write(text: detail)
      page.write("</small>")
    }
    page.write("</dd></div>\n")
  }

  /// The backend whose service ports are shown, and what says that it is kube-proxy's.
  private var backend: (name: String, reason: String?) {
    if let choice = state.choice {
      return (choice.backend.rawValue, "by \(choice.reason.rawValue)")
    }
    let backends = Set(state.families.filter(\.isFollowed).map(\.backend)).sorted()
    if backends.isEmpty { return ("none", nil) }
    return (backends.map(\.rawValue).joined(separator: ", "), nil)
  }

  private func writeFailures(to page: inout HTMLWriter) {
    for family in state.families {
      guard case .failed(let error) = family.outcome else { continue }
      page.write("<p class=\"alert\" role=\"alert\"><strong>")
      page.write(text: "\(family.backend.rawValue) \(family.family.rawValue)")
      page.write("</strong> ")
      page.write(text: error.description)
      page.write("</p>\n")
    }
  }
}

extension Exporter {
  /// Renders the page for people, of a reading that is made as for a scrape.
  ///
  /// It takes no scraper's churn: nobody's "since the last scrape" begins with it.
  ///
  /// - Returns: HTML in UTF-8, in segments, to be sent with ``Page/headers``.
  package func page(_ request: PageRequest) async -> [[UInt8]] {
    let showsConnections = options.collectors.contains(.connections)
    let page = await withState(showsConnections ? .connections : []) { state in
      Page(
        state: state, request: request, build: options.build, showsConnections: showsConnections,
        now: now()
      ).render()
    }
    // It waits for as long as the reading takes.
    return page ?? []
  }
}

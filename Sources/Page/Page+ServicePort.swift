internal import Answers
internal import Churn
internal import KubeProxy
internal import Netfilter
internal import Tracking

/// The page of one service port.
extension Page {
  /// What the title begins with, what the page shows, and whether the service port exists.
  func content(of name: PageRequest.ServiceName) -> (title: Markup, main: Markup, isFound: Bool) {
    let accounts = state.services.compactMap { ServicePortAccount($0, name, state) }
    guard let port = accounts.first?.port else {
      let main: Markup = """
        <h1>No such service port</h1>
        \(failures)<p>There is no service port <bdi>\(text: name.name)</bdi> with the protocol \
        <bdi>\(text: name.transport)</bdi>, or the flags --services.* leave it out. \
        <a href="?">All service ports</a></p>

        """
      return ("No such service port · ", main, false)
    }
    let main: Markup = """
      <h1><bdi>\(text: "\(port)")</bdi> <span class="quiet">\(text: port.transport.rawValue)</span></h1>
      \(failures)\(faults(of: port))\(accounts.map(section))\(changes(of: port))
      """
    return ("\(text: "\(port)") · ", main, true)
  }

  private func section(_ account: ServicePortAccount) -> Markup {
    let family = account.report.family.rawValue
    return """
      <section aria-labelledby="\(text: family)">
      <h2 id="\(text: family)">\(text: family)</h2>
      \(facts(account))\(endpoints(account.report))\(tree(account.report))</section>

      """
  }

  private func facts(_ account: ServicePortAccount) -> Markup {
    let (report, row) = (account.report, account.row)
    let blocked = report.blocked.map {
      $0 == .noEndpoints ? "no endpoints" : "no endpoints on this node"
    }
    let last = row.lastChange.map { PageTime(time: $0, now: now) }
    let facts = [
      fact("Reached at", report.reached.joined(separator: ", "), nil),
      fact("Blocked", blocked.isEmpty ? "no" : blocked.joined(separator: ", "), nil),
      fact("Rules", "\(report.natRules) in nat", "\(row.service.filterRules) in filter"),
      showsConnections
        ? fact("Connections", "\(row.connections)", "since the exporter started") : "",
      fact(
        "Churn in nat",
        "\(row.changes.added) added, \(row.changes.removed) removed, \(row.changes.moved) moved",
        "\(row.rewritten) rewritten; since the exporter started"),
      fact("Last change", last?.age ?? "none seen", last?.timestamp),
    ]
    return "<dl class=\"facts\">\n\(facts)</dl>\n"
  }

  // MARK: Endpoints

  private func endpoints(_ report: ServiceReport) -> Markup {
    let all = report.balancing.flatMap { chain in chain.endpoints.map { (chain.chain, $0) } }
    if all.isEmpty { return "<p class=\"quiet\">No chain leads to an endpoint.</p>\n" }
    let shown = all.prefix(request.limit ?? all.count)
    let rows = shown.map { chain, endpoint -> Markup in
      """
      <tr><th scope="row" class="name"><bdi>\(text: endpoint.text)</bdi></th>\
      \(numberCell("\(text: endpoint.percent)", "Share"))\
      \(numberCell("\(report.connections(to: endpoint))", "Connections"))\
      <td data-label="Service chain"><bdi>\(text: "\(chain)")</bdi></td>\
      <td data-label="Endpoint&#39;s chain"><bdi>\(text: "\(endpoint.chain)")</bdi></td></tr>

      """
    }
    let heading: Markup = "endpoints-\(text: report.family.rawValue)"
    let head: Markup = """
      \(heads(["Endpoint"], numbers: ["Share", "Connections"]))\
      \(heads(["Service chain", "Endpoint&#39;s chain"]))
      """
    return """
      <h3 id="\(heading)">Endpoints</h3>
      <p class="quiet">Connections since the rules were written. \(part(shown.count, of: all.count))</p>
      \(table(heading, " class=\"endpoints\"", head, "<tbody>\n\(rows)</tbody>\n"))
      """
  }

  private func part(_ shown: Int, of all: Int) -> Markup {
    if shown == all { return "" }
    return "\(shown) of \(all) are shown. \(link(request.with { $0.limit = nil }, "Show all"))"
  }

  // MARK: The tree

  private func tree(_ report: ServiceReport) -> Markup {
    """
    <h3>Chains and rules</h3>
    <ul class="tree">\(items(report.nodes))</ul>

    """
  }

  private func items(_ nodes: [ServiceTreeNode]) -> Markup {
    let shown = nodes.prefix(request.limit ?? nodes.count).map(item)
    let part = part(shown.count, of: nodes.count)
    return "\(shown)\(shown.count == nodes.count ? "" : "<li>\(part)</li>")"
  }

  private func item(_ node: ServiceTreeNode) -> Markup {
    let rule: Markup =
      node.rule.isEmpty
      ? "" : "<code><bdi>\(text: String(decoding: node.rule, as: UTF8.self))</bdi></code>"
    let children: Markup = node.children.isEmpty ? "" : "<ul>\(items(node.children))</ul>"
    return "<li><bdi>\(text: node.text)</bdi>\(rule)\(children)</li>\n"
  }
}

/// What one family's rules say of a service port that has series, and what was counted for it.
private struct ServicePortAccount {
  let report: ServiceReport
  let row: PageRow

  var port: ServicePort { report.port }

  /// Nil where the family has no such service port, or it has no series.
  init?(_ services: ServiceState, _ name: PageRequest.ServiceName, _ state: RulesetState) {
    let (indices, map) = (services.selected.indices, services.map)
    guard
      let position = indices.firstIndex(where: { index in
        let port = map.services[index].port
        // A description is made only if the namespace agrees.
        return port.transport.rawValue == name.transport && name.name.hasPrefix(port.namespace)
          && name.name == "\(port)"
      }), let snapshot = state.snapshot(of: services)
    else { return nil }
    row = PageRow(services, at: position, state)
    report = FamilyServices(of: snapshot, map: map, only: [row.index]).report(at: row.index)
  }
}

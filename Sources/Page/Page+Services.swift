internal import KubeProxy
internal import Netfilter
internal import Tracking

extension Page {
  /// The table of service ports, with what sorts and filters it.
  var services: Markup {
    let all = PageRow.all(of: state)
    let found = PageRow.all(all, with: request.words, in: state).sorted {
      request.sort.precedes($0, $1, request.order)
    }
    let shown = PageRow.located(Array(found.prefix(request.limit ?? found.count)), in: state)
    let table = table(
      "services", " id=\"service-ports\"", "\n\(columns.map(heading))",
      "<tbody>\n\(shown.map(row))</tbody>\n")
    return """
      <section aria-labelledby="services">
      <h2 id="services">Service ports</h2>
      \(filter)<p class="quiet">\(summary(shown: shown.count, found: found.count, all: all.count))</p>
      \(shown.isEmpty ? "" : table)</section>

      """
  }

  private var columns: [PageColumn] {
    PageColumn.allCases.filter { $0 != .connections || showsConnections }
  }

  private var filter: Markup {
    let fields = request.fields.filter { $0.name != "filter" }.map { name, value -> Markup in
      "<input type=\"hidden\" name=\"\(text: name)\" value=\"\(text: value)\">\n"
    }
    let clear = request.filter.isEmpty ? "" : link(request.with { $0.filter = "" }, "Clear")
    return """
      <form method="get" role="search">
      <label for="filter">Filter</label>
      <input id="filter" name="filter" type="search" aria-describedby="filter-help" \
      value="\(text: request.filter)">
      \(fields)<button type="submit">Apply</button>
      \(clear)
      <p id="filter-help" class="quiet">Words of the name, port, protocol, address family, cluster IP, NodePort \
      or an endpoint: such as <code>dns udp</code> or <code>10.96.0.1</code>.</p></form>

      """
  }

  /// A link to the page as somebody else would ask for it.
  func link(_ target: PageRequest, _ content: Markup) -> Markup {
    "<a href=\"\(text: target.query)\">\(content)</a>"
  }

  private func summary(shown: Int, found: Int, all: Int) -> Markup {
    var parts: [Markup] = []
    if found == 0 {
      parts.append(all == 0 ? "There is no service port." : "No service port has all these words.")
    } else {
      let end: Markup = found == all ? "service ports." : "that match the filter."
      parts.append("\(shown) of \(found) \(end)")
    }
    if shown < found {
      parts.append(" \(link(request.with { $0.limit = nil }, "Show all"))")
    } else if request.limit == nil, found > PageRequest.usualLimit {
      parts.append(" \(link(request.with { $0.limit = PageRequest.usualLimit }, "Show fewer"))")
    }
    let omitted = state.services.reduce(0) {
      $0 + $1.selected.omittedByLimit + $1.selected.omittedByPattern
    }
    if omitted > 0 { parts.append(" Left out by the flags --services.*: \(omitted).") }
    if let stale = staleSummary { parts.append(stale) }
    return "\(parts)"
  }

  /// How many connections go to endpoints that are gone; nil where none does.
  private var staleSummary: Markup? {
    let total = (state.connections?.families ?? []).reduce(into: StaleCounts()) { $0 += $1.total }
    guard total.total > 0 else { return nil }
    return """
       <strong>\(total.total) connections go to endpoints that no rule leads to\
      </strong>, \(total.blackholed) of them get no answer.
      """
  }

  /// The same of a service port.
  private func stale(_ row: PageRow) -> Markup {
    let family = state.connections?.families.first { $0.family == row.family }
    guard let counts = family?.stale[row.service.port] else { return "" }
    return " <span class=\"badge removed\">\(counts.total) stale connections</span>"
  }

  // MARK: The table

  private func heading(_ column: PageColumn) -> Markup {
    let isCurrent = column == request.sort
    let target = request.with {
      $0.order = isCurrent ? request.order.reversed : column.usualOrder
      $0.sort = column
    }
    var (sort, arrow): (Markup, Markup) = ("", "")
    if isCurrent {
      let isAscending = request.order == .ascending
      sort = isAscending ? " aria-sort=\"ascending\"" : " aria-sort=\"descending\""
      arrow = "<span aria-hidden=\"true\"> \(isAscending ? "▲" : "▼")</span>"
    }
    return """
      <th scope="col"\(column.isName ? "" : " class=\"number\"")\(sort)>\
      <a title="\(column.words.explanation)" href="\(text: target.query)">\(column.words.title)</a>\
      \(arrow)</th>

      """
  }

  private func row(_ row: PageRow) -> Markup {
    let blocked = BlockReason.allCases.filter(row.service.blocked.contains).map {
      reason -> Markup in
      let words: Markup = reason == .noEndpoints ? "no endpoints" : "no local endpoints"
      return " <span class=\"badge removed\">\(words)</span>"
    }
    let cells = columns.filter { !$0.isName }.map { column in
      if let number = column.number(of: row) {
        numberCell("\(number)", column.words.title, isQuiet: number == 0)
      } else {
        timeCell(row.lastChange, column.words.title)
      }
    }
    return """
      <tr><th scope="row" class="name">\(name(of: row.service.port))\(blocked)\(stale(row))\(places(of: row))</th>\
      <td data-label="Family">\(text: row.family.rawValue)</td>\(cells)</tr>

      """
  }

  /// Where the service port is reached, and where its first endpoints are.
  private func places(of row: PageRow) -> Markup {
    let reached = row.reached.joined(separator: ", ")
    let shown = row.endpoints(request.words, atMost: Self.shownEndpoints)
    let left = row.destinations.count - shown.count
    let more = left > 0 ? " and \(left) more" : ""
    let endpoints = shown.isEmpty ? "" : " → " + shown.joined(separator: ", ") + more
    return reached.isEmpty && shown.isEmpty ? "" : " <small>\(text: reached + endpoints)</small>"
  }

  /// So many endpoints stand in the table; the service port's own page has all.
  private static let shownEndpoints = 3

  /// A service port's name, which leads to its page.
  func name(of port: ServicePort) -> Markup {
    let target = request.with {
      $0.service = PageRequest.ServiceName(
        name: "\(port)", transport: port.transport.rawValue)
      $0.limit = PageRequest.usualLimit
    }
    return """
      \(link(target, "<bdi>\(text: "\(port)")</bdi>")) \
      <span class="quiet">\(text: port.transport.rawValue)</span>
      """
  }
}

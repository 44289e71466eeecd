internal import KubeProxy
internal import Netfilter
internal import Tracking

extension Page {
  /// The table of service ports, with what sorts and filters it.
  func writeServices(to page: inout HTMLWriter) {
    let all = PageRow.all(of: state)
    let words = request.words
    let found = all.filter { $0.contains(words) }.sorted {
      request.sort.precedes($0, $1, request.order)
    }
    let shown = found.prefix(request.limit ?? found.count)
    page.write("<section aria-labelledby=\"services\">\n<h2 id=\"services\">Service ports</h2>\n")
    writeFilter(to: &page)
    writeSummary(shown: shown.count, found: found.count, all: all.count, to: &page)
    if !shown.isEmpty {
      page.write(
        """
        <div class="wide" role="region" aria-labelledby="services" tabindex="0">
        <table id="service-ports">
        <thead><tr>

        """)
      for column in columns { writeHeading(column, to: &page) }
      page.write("</tr></thead>\n<tbody>\n")
      for row in shown { write(row, to: &page) }
      page.write("</tbody>\n</table></div>\n")
    }
    page.write("</section>\n")
  }

  private var columns: [PageColumn] {
    PageColumn.allCases.filter { $0 != .connections || showsConnections }
  }

  private func writeFilter(to page: inout HTMLWriter) {
    page.write(
      """
      <form method="get" role="search">
      <label for="filter">Filter</label>
      <input id="filter" name="filter" type="search" placeholder="name, port, protocol, family" \
      value="
      """)
    page.write(text: request.filter)
    page.write("\">\n")
    writeField("sort", request.sort.rawValue, to: &page)
    writeField("order", request.order.rawValue, to: &page)
    if request.limit != PageRequest.usualLimit {
      writeField("limit", request.limit.map { String($0) } ?? "all", to: &page)
    }
    if request.showsDispatchMoves { writeField("moves", "all", to: &page) }
    page.write("<button type=\"submit\">Apply</button>\n")
    if !request.filter.isEmpty {
      writeLink(request.with { $0.filter = "" }, "Clear", to: &page)
    }
    page.write("</form>\n")
  }

  private func writeField(_ name: Markup, _ value: String, to page: inout HTMLWriter) {
    page.write("<input type=\"hidden\" name=\"")
    page.write(name)
    page.write("\" value=\"")
    page.write(text: value)
    page.write("\">\n")
  }

  /// A link to the page as somebody else would ask for it.
  func writeLink(_ target: PageRequest, _ content: Markup, to page: inout HTMLWriter) {
    page.write("<a href=\"")
    page.write(text: target.query)
    page.write("\">")
    page.write(content)
    page.write("</a>")
  }

  private func writeSummary(shown: Int, found: Int, all: Int, to page: inout HTMLWriter) {
    page.write("<p class=\"quiet\">")
    if found == 0 {
      page.write(all == 0 ? "There is no service port." : "No service port has all these words.")
    } else {
      page.write(shown)
      page.write(" of ")
      page.write(found)
      page.write(found == all ? " service ports." : " that match the filter.")
    }
    if shown < found {
      page.write(" ")
      writeLink(request.with { $0.limit = nil }, "Show all", to: &page)
    } else if request.limit == nil, found > PageRequest.usualLimit {
      page.write(" ")
      writeLink(request.with { $0.limit = PageRequest.usualLimit }, "Show fewer", to: &page)
    }
    let omitted = state.services.reduce(0) {
      $0 + $1.selected.omittedByLimit + $1.selected.omittedByPattern
    }
    if omitted > 0 {
      page.write(" Left out by the flags --services.*: ")
      page.write(omitted)
      page.write(".")
    }
    page.write("</p>\n")
  }

  // MARK: The table

  private func writeHeading(_ column: PageColumn, to page: inout HTMLWriter) {
    let isCurrent = column == request.sort
    page.write("<th scope=\"col\"")
    if column != .service, column != .family { page.write(" class=\"number\"") }
    if isCurrent {
      page.write(
        request.order == .ascending ? " aria-sort=\"ascending\"" : " aria-sort=\"descending\"")
    }
    page.write("><a title=\"")
    page.write(column.explanation)
    page.write("\" href=\"")
    let target = request.with {
      $0.order =
        isCurrent
        ? request.order.reversed : column.beginsDescending ? .descending : .ascending
      $0.sort = column
    }
    page.write(text: target.query)
    page.write("\">")
    page.write(column.title)
    page.write("</a>")
    if isCurrent {
      page.write("<span aria-hidden=\"true\">")
      page.write(request.order == .ascending ? " ▲" : " ▼")
      page.write("</span>")
    }
    page.write("</th>\n")
  }

  private func write(_ row: PageRow, to page: inout HTMLWriter) {
    page.write("<tr><th scope=\"row\" class=\"name\"><bdi>")
    page.write(text: row.service.port.description)
    page.write("</bdi> <span class=\"quiet\">")
    page.write(text: row.service.port.transport.rawValue)
    page.write("</span>")
    for reason in BlockReason.allCases where row.service.blocked.contains(reason) {
      page.write(" <span class=\"badge removed\">")
      page.write(reason == .noEndpoints ? "no endpoints" : "no local endpoints")
      page.write("</span>")
    }
    page.write("</th><td>")
    page.write(text: row.family.rawValue)
    page.write("</td>")
    for column in columns.dropFirst(2) {
      if let number = column.number(of: row) {
        page.write(number == 0 ? "<td class=\"number none\">" : "<td class=\"number\">")
        page.write(number)
      } else {
        page.write(row.lastChange == nil ? "<td class=\"number none\">" : "<td class=\"number\">")
        if let time = row.lastChange {
          page.write(PageTime(time: time, now: now))
        } else {
          page.write("–")
        }
      }
      page.write("</td>")
    }
    page.write("</tr>\n")
  }
}

internal import Netfilter
internal import Tracking

extension Page {
  /// The tables that were read, with their sizes.
  func writeTables(to page: inout HTMLWriter) {
    let tables = state.readFamilies.flatMap { family, reading in
      reading.snapshot.tables.map { (family, $0) }
    }
    if tables.isEmpty { return }
    page.write(
      """
      <section aria-labelledby="tables">
      <h2 id="tables">Tables</h2>
      <div class="wide" role="region" aria-labelledby="tables" tabindex="0">
      <table>
      <thead><tr><th scope="col">Table</th><th scope="col">Family</th>\
      <th scope="col">Backend</th><th scope="col" class="number">Chains</th>\
      <th scope="col" class="number">Rules</th><th scope="col" class="number">Bytes</th>\
      <th scope="col" class="number">Last change</th></tr></thead>
      <tbody>

      """)
    for (family, table) in tables { write(table, of: family, to: &page) }
    page.write("</tbody>\n</table></div>\n</section>\n")
  }

  private func write(
    _ table: TableSnapshot, of family: FamilyState, to page: inout HTMLWriter
  ) {
    page.write("<tr><th scope=\"row\">")
    page.write(text: table.name.rawValue)
    page.write("</th><td>")
    page.write(text: family.family.rawValue)
    page.write("</td><td>")
    page.write(text: family.backend.rawValue)
    page.write(family.isFollowed ? "</td>" : " <span class=\"quiet\">not followed</span></td>")
    for number in [table.content.chains.count, table.content.ruleCount] {
      page.write("<td class=\"number\">")
      page.write(number)
      page.write("</td>")
    }
    page.write(table.size == nil ? "<td class=\"number none\">" : "<td class=\"number\">")
    if let size = table.size { page.write(size) } else { page.write("–") }
    let key = ChurnLedger.TableKey(family: family.family, table: table.name)
    let time = family.isFollowed ? state.ledger.lastChanges[key] : nil
    page.write(time == nil ? "</td><td class=\"number none\">" : "</td><td class=\"number\">")
    if let time { page.write(PageTime(time: time, now: now)) } else { page.write("–") }
    page.write("</td></tr>\n")
  }
}

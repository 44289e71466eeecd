import Page

/// The page as a test looks at it.
struct PageText {
  let text: String

  init(_ page: RenderedPage) { text = String(decoding: page.body.concatenated, as: UTF8.self) }

  /// The cells' texts of each row of the table of service ports.
  var rows: [[String]] { Self.rows(of: between("<table id=\"service-ports\">", "</table>").first) }

  /// The service ports, as `namespace/name:port protocol`.
  var services: [String] { rows.map { Self.service($0[0]) } }

  /// A service port's name and protocol, without what blocks it.
  static func service(_ cell: String) -> String {
    cell.split(separator: " ").prefix(2).joined(separator: " ")
  }

  /// The cells' texts of each change.
  var changes: [[String]] {
    Self.rows(of: between("<table id=\"rule-changes\">", "</table>").first).filter { $0.count == 4 }
  }

  /// All tags.
  var tags: [String] { between("<", ">") }

  /// The names of all tags that are not links.
  var tagNames: [String] {
    tags.compactMap { $0.split(separator: " ").first.map(String.init) }.filter {
      $0 != "a" && $0 != "/a"
    }
  }

  func count(of part: String) -> Int {
    text.split(separator: part, omittingEmptySubsequences: false).count - 1
  }

  /// What stands between each pair of marks.
  func between(_ start: String, _ end: String) -> [String] {
    text.split(separator: start, omittingEmptySubsequences: false).dropFirst().map {
      String($0.prefix(upTo: $0.firstRange(of: end)?.lowerBound ?? $0.endIndex))
    }
  }

  private static func rows(of table: String?) -> [[String]] {
    let body = (table ?? "").split(separator: "<tbody>").dropFirst().joined()
    return body.split(separator: "<tr").filter { $0.contains("</t") }.map { row in
      row.split(separator: #/</t[dh]>/#).filter { $0.contains(#/<t[dh]/#) }.map {
        let cell = $0[($0.firstRange(of: #/<t[dh][^>]*>/#)?.upperBound ?? $0.startIndex)...]
        return String(cell.replacing(#/<[^>]*>/#, with: ""))
      }
    }
  }
}

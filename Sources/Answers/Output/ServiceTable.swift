public import Console
internal import KubeProxy
internal import Netfilter

extension ServiceList {
  /// Writes the service ports for people, a line each, in aligned columns.
  public func writeTable(to writer: inout TerminalWriter) {
    write(to: &writer) { writer in
      if services.isEmpty { return }
      let columns = columns
      let titles = columns.map { Cell($0.title, .strong) }
      let rows = services.map { service in
        columns.map { Cell($0.text(service), $0.emphasis(service)) }
      }
      let widths = columns.indices.map { column in
        rows.reduce(titles[column].width) { max($0, $1[column].width) }
      }
      for row in [titles] + rows {
        for (index, (cell, column)) in zip(row, columns).enumerated() {
          let isLast = index == columns.count - 1
          let padding = String(repeating: " ", count: widths[index] - cell.width)
          if column.isNumber { writer.write(padding) }
          writer.write(cell.text, cell.emphasis)
          if !isLast { writer.write((column.isNumber ? "" : padding) + "  ") }
        }
        writer.endLine()
      }
    }
  }

  private struct Column {
    let title: String
    var isNumber = false
    var emphasis: (ServiceReport) -> TerminalWriter.Emphasis = { _ in .plain }
    let text: (ServiceReport) -> String
  }

  private struct Cell {
    let text: String
    let emphasis: TerminalWriter.Emphasis
    let width: Int

    init(_ text: String, _ emphasis: TerminalWriter.Emphasis) {
      self.text = text
      self.emphasis = emphasis
      width = TerminalWriter.escaped(Array(text.utf8)).count
    }
  }

  /// Those that there is something to say in.
  private var columns: [Column] {
    var columns = [
      Column(title: "SERVICE PORT") { "\($0.port)" },
      Column(title: "PROTOCOL") { $0.port.transport.rawValue },
    ]
    if Set(services.map(\.family)) != [.ipv4] {
      columns.append(Column(title: "FAMILY") { $0.family.rawValue })
    }
    columns += [
      Column(title: "ADDRESSES") { Self.list($0.addresses.map(\.description)) },
      Column(title: "NODEPORTS") { Self.list($0.nodePorts.map(String.init)) },
      Column(title: "ENDPOINTS", isNumber: true) { "\($0.endpoints.count)" },
      Column(title: "RULES", isNumber: true) { "\($0.service.rules)" },
      Column(title: "CONNECTIONS", isNumber: true) { "\($0.connections)" },
    ]
    if services.contains(where: { !$0.blocked.isEmpty }) {
      columns.append(
        Column(title: "BLOCKED", emphasis: { $0.blocked.isEmpty ? .plain : .bad }) { service in
          Self.list(service.blocked.map { "no \($0.lacking)" + service.blockedTraffic.words($0) })
        })
    }
    return columns
  }

  private static func list(_ texts: [String]) -> String {
    texts.isEmpty ? "-" : texts.joined(separator: ",")
  }
}

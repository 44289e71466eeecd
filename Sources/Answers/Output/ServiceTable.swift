public import Console
internal import KubeProxy
internal import Netfilter

/// Service ports for people, a line each, in aligned columns.
public struct ServiceTable {
  private let list: ServiceList

  public init(_ list: ServiceList) { self.list = list }

  private struct Column {
    let title: String
    var isNumber = false
    let text: (ServiceReport) -> String
  }

  public func write(to writer: inout TerminalWriter) {
    list.writeMode(to: &writer)
    list.writeAbsence(to: &writer)
    if !list.services.isEmpty { writeRows(to: &writer) }
    list.writeUnnamed(to: &writer)
  }

  private func writeRows(to writer: inout TerminalWriter) {
    let columns = columns
    let cells = list.services.map { service in columns.map { Self.cell($0.text(service)) } }
    let widths = columns.indices.map { index in
      cells.reduce(columns[index].title.count) { max($0, $1[index].width) }
    }
    for (index, column) in columns.enumerated() {
      let isLast = index == columns.count - 1
      write(
        Cell(text: column.title, width: column.title.count), column, widths[index], isLast, .strong,
        to: &writer)
    }
    writer.endLine()
    for (service, row) in zip(list.services, cells) {
      for (index, column) in columns.enumerated() {
        let isLast = index == columns.count - 1
        write(
          row[index], column, widths[index], isLast,
          isLast && !service.blocked.isEmpty ? .bad : .plain,
          to: &writer)
      }
      writer.endLine()
    }
  }

  private struct Cell {
    let text: String
    let width: Int
  }

  private static func cell(_ text: String) -> Cell {
    Cell(text: text, width: TerminalWriter.escaped(Array(text.utf8)).count)
  }

  private func write(
    _ cell: Cell, _ column: Column, _ width: Int, _ isLast: Bool,
    _ emphasis: TerminalWriter.Emphasis, to writer: inout TerminalWriter
  ) {
    let padding = String(repeating: " ", count: width - cell.width)
    if column.isNumber { writer.write(padding) }
    writer.write(cell.text, emphasis)
    if !column.isNumber, !isLast { writer.write(padding) }
    if !isLast { writer.write("  ") }
  }

  /// Those that there is something to say in.
  private var columns: [Column] {
    var columns = [
      Column(title: "SERVICE PORT") { "\($0.port)" },
      Column(title: "PROTOCOL") { $0.port.transport.rawValue },
    ]
    if Set(list.services.map(\.family)) != [.ipv4] {
      columns.append(Column(title: "FAMILY") { $0.family.rawValue })
    }
    columns += [
      Column(title: "ADDRESSES") { Self.list($0.addresses.map(\.description)) },
      Column(title: "NODEPORTS") { Self.list($0.nodePorts.map(String.init)) },
      Column(title: "ENDPOINTS", isNumber: true) { "\($0.endpoints)" },
      Column(title: "RULES", isNumber: true) { "\($0.natRules + $0.filterRules)" },
      Column(title: "CONNECTIONS", isNumber: true) { "\($0.connections)" },
    ]
    if list.services.contains(where: { !$0.blocked.isEmpty }) {
      columns.append(
        Column(title: "BLOCKED") { service in
          Self.list(service.blocked.map { $0.shortWords + service.blockedTraffic.words($0) })
        })
    }
    return columns
  }

  private static func list(_ texts: [String]) -> String {
    texts.isEmpty ? "-" : texts.joined(separator: ",")
  }
}

extension BlockReason {
  var shortWords: String {
    switch self {
    case .noEndpoints: "no endpoints"
    case .noLocalEndpoints: "no endpoints on this node"
    }
  }
}

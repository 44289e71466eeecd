/// What somebody wants to see on the page.
package struct PageRequest: Sendable {
  /// The path of the metrics, to which the page leads.
  let telemetryPath: String
  /// The node's name; empty where it isn't known.
  let node: String
  /// The service port that the page is about; nil for all.
  var service: ServiceName?
  var sort: PageColumn
  var order: PageOrder
  /// Words to search for. A service port is shown if its name, port, protocol, address family, addresses,
  /// NodePorts, endpoints and reasons of being blocked contain all of them.
  var filter: String
  /// At most so many service ports, or so many endpoints and rules of each chain of one; nil for all.
  var limit: Int?
  /// Whether moves in dispatch chains are shown too.
  var showsDispatchMoves: Bool

  /// So many service ports are shown where nothing else is asked for.
  static let usualLimit = 200
  /// A longer filter is cut: every link repeats it.
  static let longestFilter = 200

  /// A service port as a link names it, which may not exist.
  struct ServiceName: Sendable, Hashable {
    /// `namespace/name:port`, or `namespace/name` for an unnamed port.
    var name: String
    /// `TCP`, `UDP` or `SCTP`.
    var transport: String

    /// The longest that Kubernetes allows have 143 characters.
    static let longest = 200
  }

  /// - Parameters:
  ///   - query: `service` and `protocol` name a service port; `sort` is a column's name; `order` is `asc` or `desc`; `filter` has words; `limit` is
  ///     a number or `all`; `moves=all` shows those in dispatch chains too. What makes no sense is as
  ///     if it weren't there.
  ///   - telemetryPath: The path of the metrics.
  ///   - node: The node's name; empty where it isn't known.
  package init(
    query: [(name: String, value: String)] = [], telemetryPath: String = "/metrics",
    node: String = ""
  ) {
    func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
    func cut(_ text: String, _ length: Int) -> String { String(text.unicodeScalars.prefix(length)) }
    self.telemetryPath = telemetryPath
    self.node = node
    service = value("service").map {
      ServiceName(
        name: cut($0, ServiceName.longest),
        transport: cut((value("protocol") ?? "TCP").uppercased(), 4))
    }
    let column = value("sort").flatMap(PageColumn.init) ?? .service
    sort = column
    order = value("order").flatMap(PageOrder.init) ?? column.usualOrder
    filter = cut(value("filter") ?? "", Self.longestFilter)
    let limit = value("limit")
    let number = limit.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    self.limit = limit == "all" ? nil : number ?? Self.usualLimit
    showsDispatchMoves = value("moves") == "all"
  }

  /// The words of the filter, in lower case.
  var words: [String] { filter.lowercased().split(whereSeparator: \.isWhitespace).map(String.init) }

  /// The query that asks for this page.
  var query: String {
    if let service { return "?\(query(of: service))" }
    return "?" + fields.map { "\($0)=\(Self.percentEncoded($1))" }.joined(separator: "&")
  }

  /// The fields of the query that asks for this list of service ports.
  var fields: [(name: String, value: String)] {
    var fields = [("sort", sort.rawValue), ("order", order.rawValue)]
    if !filter.isEmpty { fields.append(("filter", filter)) }
    if limit != Self.usualLimit { fields.append(("limit", limit.map { String($0) } ?? "all")) }
    if showsDispatchMoves { fields.append(("moves", "all")) }
    return fields
  }

  private func query(of service: ServiceName) -> String {
    "service=\(Self.percentEncoded(service.name))&protocol=\(Self.percentEncoded(service.transport))"
      + (limit == nil ? "&limit=all" : "")
  }

  /// The same page, but for what is changed.
  func with(_ change: (inout PageRequest) -> Void) -> PageRequest {
    var request = self
    change(&request)
    return request
  }

  private static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.reduce(into: "") { encoded, byte in
      let character = Character(Unicode.Scalar(byte))
      if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
        encoded.append(character)
      } else {
        encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
  }
}

internal import Answers
internal import Churn
internal import KubeProxy
internal import Netfilter
internal import Tracking

/// A service port in the page's table.
struct PageRow {
  let family: IPFamily
  /// The index in the family's map.
  let index: Int
  let service: Service
  /// Those of nat's rules since the exporter started.
  let changes: ChangeCounts
  let rewritten: UInt64
  let connections: UInt64
  /// Nil where none was seen.
  let lastChange: Moment?
  /// Nil until it is looked up.
  private var location: Location?

  private struct Location {
    let reached: [String]
    let destinations: [AddressTranslation]
  }

  /// Where it is reached, in words: `cluster IP 10.96.0.1:443`; of a located row.
  var reached: [String] { location?.reached ?? [] }
  /// Where its endpoints are, each once; of a located row.
  var destinations: [AddressTranslation] { location?.destinations ?? [] }

  /// The service ports that have series of their own.
  static func all(of state: RulesetState) -> [PageRow] {
    state.services.flatMap { services in
      services.selected.indices.indices.map { PageRow(services, at: $0, state) }
    }
  }

  /// - Parameter position: The place among the selected service ports.
  init(_ services: ServiceState, at position: Int, _ state: RulesetState) {
    family = services.family
    index = services.selected.indices[position]
    service = services.map.services[index]
    changes = services.changes[position]
    rewritten = services.rewritten[position]
    connections = services.connections[index]
    lastChange = state.ledger.lastChange(of: service.port, services.family)
  }

  /// The rows that contain all of the words, in their order.
  static func all(_ rows: [PageRow], with words: [String], in state: RulesetState) -> [PageRow] {
    // To find where each service port is reached takes longer than the rest of the page.
    let rows = words.contains(where: mayBeOfPlace) ? located(rows, in: state) : rows
    return rows.filter { $0.contains(words) }
  }

  /// The rows with where each is reached and where its endpoints are.
  static func located(_ rows: [PageRow], in state: RulesetState) -> [PageRow] {
    var located = rows
    for services in state.services {
      let positions = rows.indices.filter {
        rows[$0].family == services.family && rows[$0].location == nil
      }
      guard !positions.isEmpty, let snapshot = state.snapshot(of: services) else { continue }
      let found = FamilyServices(
        of: snapshot, map: services.map, only: positions.map { rows[$0].index })
      let destinations = found.destinations
      for position in positions {
        let index = rows[position].index
        located[position].location = Location(
          reached: found.reached(at: index), destinations: destinations[index])
      }
    }
    return located
  }

  /// Whether each of the words is part of what is said of the service port: its name, port and
  /// protocol, the address family, why it is blocked, where it is reached, or an endpoint.
  private func contains(_ words: [String]) -> Bool {
    if words.isEmpty { return true }
    let blocked = service.blocked.map(\.rawValue).joined(separator: " ")
    let text =
      "\(service.port) \(service.port.transport.rawValue) \(family.rawValue) \(blocked)"
      .lowercased()
    let reached = reached.joined(separator: " ").lowercased()
    return words.allSatisfy {
      Self.contains(text.utf8, $0.utf8) || Self.contains(reached.utf8, $0.utf8)
        || destinations(with: $0).contains { _ in true }
    }
  }

  /// Endpoints in words, at most `limit`. Those that contain one of the words come first.
  func endpoints(_ words: [String], atMost limit: Int) -> [String] {
    let found = Set(words.flatMap { destinations(with: $0) })
    let others = destinations.lazy.filter { !found.contains($0) }
    return (destinations.filter(found.contains) + others.prefix(limit)).prefix(limit).map(
      \.description)
  }

  private func destinations(with word: String) -> [AddressTranslation] {
    Self.mayBeOfAddress(word)
      ? destinations.filter { Self.contains($0.description.utf8, word.utf8) } : []
  }

  /// Whether a word may be part of where a service port is reached, or of an endpoint. Most words are of names.
  private static func mayBeOfPlace(_ word: String) -> Bool {
    mayBeOfAddress(word) || kindsOfPlaces.contains { contains($0.utf8, word.utf8) }
  }

  private static func mayBeOfAddress(_ word: String) -> Bool {
    word.utf8.allSatisfy { inAddresses.contains($0) }
  }

  /// What stands before addresses and NodePorts, in lower case.
  private static let kindsOfPlaces =
    (ServiceAddress.Kind.allCases.map(\.words) + ["nodeport"]).map { $0.lowercased() }

  private static let inAddresses = Set("0123456789abcdef.:[]-,".utf8)

  /// By bytes: names are ASCII, as Kubernetes has them.
  private static func contains(_ text: String.UTF8View, _ word: String.UTF8View) -> Bool {
    guard let first = word.first else { return true }
    return text.indices.contains { text[$0] == first && text[$0...].starts(with: word) }
  }
}

/// A column of the page's table of service ports; the raw value is what `sort` takes.
enum PageColumn: String, Sendable, CaseIterable {
  case service, family, endpoints, targets, nodeports, rules
  case added, removed, moved, rewritten, connections, changed

  /// Whether the column names the service port.
  var isName: Bool { self == .service || self == .family }

  /// The order that shows the most interesting rows first.
  var usualOrder: PageOrder { isName ? .ascending : .descending }

  /// The title, and what the column says, in a sentence.
  var words: (title: Markup, explanation: Markup) {
    switch self {
    case .service:
      ("Service port", "Namespace, name and port of the service, and its protocol")
    case .family: ("Family", "The address family")
    case .endpoints:
      ("SEP chains", "Distinct KUBE-SEP chains that the service port&#39;s chains jump to")
    case .targets: ("Targets", "Distinct DNAT destinations in the KUBE-SEP chains")
    case .nodeports: ("NodePort rules", "Rules in the nat table&#39;s KUBE-NODEPORTS")
    case .rules: ("Rules", "Rules in the tables nat and filter")
    case .added: ("Added", "Rules of the nat table added since the exporter started")
    case .removed: ("Removed", "Rules of the nat table removed since the exporter started")
    case .moved: ("Moved", "Rules of the nat table moved since the exporter started")
    case .rewritten: ("Rewritten", "Rules of the nat table written again with the same content")
    case .connections: ("Connections", "New connections since the exporter started")
    case .changed:
      ("Last change", "When a rule of the tables nat and filter was last added, removed or moved")
    }
  }

  /// Whether a row stands before another, ascending; of equals, the first by name.
  func precedes(_ left: PageRow, _ right: PageRow, _ order: PageOrder) -> Bool {
    if let isLower = isLower(left, right) { return isLower == (order == .ascending) }
    let (leftPort, rightPort) = (left.service.port, right.service.port)
    if leftPort == rightPort { return left.family < right.family }
    return self == .service && order == .descending ? rightPort < leftPort : leftPort < rightPort
  }

  /// The number that the column shows; nil for one of another kind.
  func number(of row: PageRow) -> UInt64? {
    switch self {
    case .service, .family, .changed: nil
    case .endpoints: UInt64(row.service.sepChains)
    case .targets: UInt64(row.service.dnatTargets)
    case .nodeports: UInt64(row.service.nodePortRules)
    case .rules: UInt64(row.service.rules)
    case .added: row.changes.added
    case .removed: row.changes.removed
    case .moved: row.changes.moved
    case .rewritten: row.rewritten
    case .connections: row.connections
    }
  }

  /// Whether one row's value is lower than another's; nil where both are equal, or are names.
  private func isLower(_ left: PageRow, _ right: PageRow) -> Bool? {
    if self == .changed {
      if left.lastChange == right.lastChange { return nil }
      guard let former = left.lastChange, let later = right.lastChange else {
        return left.lastChange == nil
      }
      return former < later
    }
    let (leftValue, rightValue) = (value(of: left), value(of: right))
    return leftValue == rightValue ? nil : leftValue < rightValue
  }

  private func value(of row: PageRow) -> UInt64 {
    self == .family ? (row.family == .ipv4 ? 4 : 6) : number(of: row) ?? 0
  }
}

/// The order of rows; the raw value is what `order` takes.
enum PageOrder: String, Sendable {
  case ascending = "asc"
  case descending = "desc"

  var reversed: PageOrder { self == .ascending ? .descending : .ascending }
}

internal import Churn
internal import KubeProxy
internal import Netfilter
internal import Tracking

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

internal import Churn
internal import KubeProxy
internal import Netfilter

/// A service port in the page's table.
struct PageRow {
  let family: IPFamily
  let service: Service
  /// Those of nat's rules since the exporter started.
  let changes: ChangeCounts
  let rewritten: UInt64
  let connections: UInt64
  /// Nil where none was seen.
  let lastChange: Moment?

  /// The service ports that have series of their own.
  static func all(of state: RulesetState) -> [PageRow] {
    state.services.flatMap { services in
      services.selected.indices.enumerated().map { position, index in
        let service = services.map.services[index]
        return PageRow(
          family: services.family, service: service,
          changes: services.selected.changes[position],
          rewritten: services.selected.rewritten[position],
          connections: services.connections[index],
          lastChange: state.serviceTimes[services.family, service.port])
      }
    }
  }

  /// Whether each of the words is part of what is said of the service port: its name, port and
  /// protocol, the address family, or why it is blocked.
  func contains(_ words: [String]) -> Bool {
    if words.isEmpty { return true }
    let blocked = service.blocked.map(\.rawValue).joined(separator: " ")
    let text =
      "\(service.port) \(service.port.transport.rawValue) \(family.rawValue) \(blocked)"
      .lowercased()
    return words.allSatisfy { Self.contains(text.utf8, $0.utf8) }
  }

  /// By bytes: names are ASCII, as Kubernetes has them.
  private static func contains(_ text: String.UTF8View, _ word: String.UTF8View) -> Bool {
    guard let first = word.first else { return true }
    return text.indices.contains { text[$0] == first && text[$0...].starts(with: word) }
  }
}

public import Netfilter

/// The service ports of one reading of a family, as connections are judged by them.
public struct JudgedFamily: Sendable {
  public let family: IPFamily
  /// Sorted. Their indices are those of ``destinations``.
  public let ports: [ServicePort]
  public let destinations: ServiceDestinations

  /// - Parameter map: The service ports of the snapshot.
  public init(_ snapshot: FamilySnapshot, _ map: ServiceMap) {
    family = snapshot.family
    ports = map.services.map(\.port)
    destinations = ServiceDestinations(
      map, nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content)
  }

  /// Whether rules send the service port's clients to no such endpoint. False for a service port that rules no
  /// longer know.
  public func isStale(_ endpoint: ServiceDestinations.Destination, of port: ServicePort) -> Bool {
    guard let service = ports.sortedIndex(of: port) else { return false }
    return destinations.isStale(endpoint, ofServiceAt: service)
  }
}

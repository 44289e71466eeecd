import KubeProxy
import Netfilter

@testable import Anomalies

/// Readings one after the other, as the exporter follows them.
struct History {
  let map: ServiceMap
  let inspection: Inspection

  init(
    _ snapshot: FamilySnapshot, mode: KubeProxyMode = .iptables, after previous: History? = nil
  ) {
    map = ServiceMap(
      nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content,
      previous: previous?.map)
    inspection = Inspection(
      of: snapshot, map: map, mode: mode, previous: previous?.inspection)
  }

  func next(_ snapshot: FamilySnapshot, mode: KubeProxyMode = .iptables) -> History {
    History(snapshot, mode: mode, after: self)
  }
}

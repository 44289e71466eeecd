import KubeProxy
import Netfilter

@testable import Anomalies

/// Readings one after the other, as the exporter follows them.
struct History {
  let map: ServiceMap
  let inspection: Inspection

  init(
    _ snapshot: FamilySnapshot, mode: KubeProxyMode = .iptables,
    beside other: FamilySnapshot? = nil, after previous: History? = nil
  ) {
    map = ServiceMap(
      nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content,
      previous: previous?.map)
    inspection = Inspection(
      of: snapshot, map: map, mode: mode, beside: other, previous: previous?.inspection)
  }

  func next(
    _ snapshot: FamilySnapshot, mode: KubeProxyMode = .iptables, beside other: FamilySnapshot? = nil
  ) -> History {
    History(snapshot, mode: mode, beside: other, after: self)
  }
}

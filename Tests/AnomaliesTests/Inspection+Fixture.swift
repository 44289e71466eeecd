import IPTablesSource
import KubeProxy
import Netfilter
import TestSupport

@testable import Anomalies

extension Inspection {
  /// Inspects a reading by itself.
  init(
    _ snapshot: FamilySnapshot, mode: KubeProxyMode = .iptables, beside other: FamilySnapshot? = nil
  ) {
    self.init(
      of: snapshot,
      map: ServiceMap(
        nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content),
      mode: mode, beside: other)
  }
}

extension Finding {
  /// The kind, and where it is.
  var summary: String { "\(anomaly.rawValue) \(table.rawValue) \(chains.first?.description ?? "")" }
}

internal import IPTablesSource
internal import KubeProxy
internal import Netfilter

extension KubeProxyMode {
  /// The mode that a reading shows: the rules of the backend that kube-proxy uses, and the node.
  init(of reading: RulesetReading) {
    let backend = reading.choice?.backend
    self.init(
      of: reading.families.filter { backend == nil || backend == $0.backend }
        .compactMap { try? $0.result.get() }, reading.node)
  }
}

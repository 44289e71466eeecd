internal import Answers
internal import IPTablesSource
internal import KubeProxy

/// Looks through the kernel's connection table once.
enum ConnectionLookup {
  /// Finds connections to endpoints that no rule leads to, by the kernel's rules from before and after the dump.
  ///
  /// - Parameter selection: The service ports that are asked for; nil for all.
  static func findStale(
    _ loader: RulesetLoader, _ selection: ((ServicePort) -> Bool)?
  ) throws(AnswerFailure) -> [StaleConnections.Group] {
    let reader = ConntrackReader()
    let local = reader.localAddresses()
    func judge() throws(AnswerFailure) -> StaleConnections {
      StaleConnections(
        of: try loader.loadKernel(), selection: selection, isLocal: { local.contains($0) })
    }
    var stale = try judge()
    do throws(ReadingError) {
      for family in stale.families {
        let isReadable = try reader.forEachTranslated(family) { stale.take($0, family) }
        guard isReadable else {
          throw ReadingError(
            operation: .readConntrack,
            cause: "the kernel has not loaded nf_conntrack_netlink, and reading must not load it "
              + "(modprobe nf_conntrack_netlink)")
        }
      }
    } catch {
      throw AnswerFailure(description: "\(error)")
    }
    return stale.groups(confirmedBy: try judge())
  }
}

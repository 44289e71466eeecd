internal import KubeProxy
internal import Netfilter
internal import PacketWalk

extension Explanation {
  /// How packets end if an endpoint is the node itself, which is taken for another machine.
  struct Alternative {
    let address: IPAddress
    let ends: PacketEnds
  }

  /// So many endpoints are taken for the node, one after the other. One node is like another to rules.
  private static let mostEndpoints = 4

  /// Where packets end otherwise if an endpoint is the node, and what was taken for granted therefore.
  ///
  /// - Parameters:
  ///   - ends: Where they end if none is.
  ///   - endsIf: Where they end if these addresses are the node's.
  static func alternatives(
    to ends: PacketEnds, _ walk: Walk, _ resolved: ResolvedPacket,
    endsIf: ([IPAddress]) -> PacketEnds
  ) -> (alternatives: [Alternative], assumptions: [String]) {
    let (machines, unclear) = endpointsInDoubt(walk, resolved)
    var (alternatives, assumptions): ([Alternative], [String]) = ([], [])
    for address in machines.prefix(mostEndpoints) {
      let others = endsIf([address])
      if others.isSame(as: ends) { continue }
      assumptions.append("\(address) is taken for another machine's (--node-address)")
      // What depends on rules depends on the address too, and its answer is long enough.
      if others.verdict != ends.verdict, ends.verdict != .depends {
        alternatives.append(Alternative(address: address, ends: others))
      }
    }
    // Most of these are pods. They are worth a word where the answer would be another.
    if !unclear.isEmpty, endsIf(unclear).verdict != ends.verdict {
      let addresses = Wording.list(unclear.map { "\($0)" })
      assumptions.append(
        unclear.count == 1
          ? "\(addresses) is not the node's own address (--node-address)"
          : "none of \(addresses) is the node's own address (--node-address)")
    }
    return (alternatives, assumptions)
  }

  /// The endpoints of a walk that may be the node itself, because nothing shows the node's address.
  ///
  /// - Returns: Those that are machines, and those of which the rules don't show whether they are pods. Machines are
  ///   the API server's, and endpoints outside of the pod network, as pods with `hostNetwork` are.
  private static func endpointsInDoubt(
    _ walk: Walk, _ resolved: ResolvedPacket
  ) -> (machines: [IPAddress], unclear: [IPAddress]) {
    guard resolved.isNodeUnknown, let isPod = PodSearch(resolved.side)?.podTest() else {
      return ([], [])
    }
    let states = walk.outcomes.map(\.state).filter { state in
      !state.isRedirected && !state.hasUnknownDestination
        && state.destinationRule.flatMap(resolved.side.owner) != nil
    }
    let endpoints = Set(states.map(\.packet.destination)).filter { !resolved.node.isLocal($0) }
      .sorted()
    return (endpoints.filter { isPod($0) == false }, endpoints.filter { isPod($0) == nil })
  }
}

internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// The endpoints of a walk that may be the node itself, because nothing shows the node's address.
struct EndpointDoubts {
  /// Those that are machines: the API server, and endpoints outside of the pod network, as pods with
  /// `hostNetwork` are. This node may be one of them.
  private(set) var machines: [IPAddress] = []
  /// Those of which the rules don't show whether they are pods.
  private(set) var unclear: [IPAddress] = []

  init(_ walk: Walk, _ resolved: ResolvedPacket) {
    guard resolved.isNodeUnknown, let isPod = PodSearch(resolved.side)?.podTest() else { return }
    var seen: Set<IPAddress> = []
    for state in walk.outcomes.map(\.state) {
      let address = state.packet.destination
      guard let rule = state.destinationRule, !state.isRedirected, !state.hasUnknownDestination,
        !resolved.node.isLocal(address), seen.insert(address).inserted,
        resolved.side.owner(of: rule) != nil
      else { continue }
      switch isPod(address) {
      case true?: break
      case false?: machines.append(address)
      case nil: unclear.append(address)
      }
    }
    machines.sort()
    unclear.sort()
  }
}

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
    to ends: PacketEnds, _ doubts: EndpointDoubts, endsIf: ([IPAddress]) -> PacketEnds
  ) -> (alternatives: [Alternative], assumptions: [String]) {
    var (alternatives, assumptions): ([Alternative], [String]) = ([], [])
    for address in doubts.machines.prefix(mostEndpoints) {
      let others = endsIf([address])
      if others.isSame(as: ends) { continue }
      assumptions.append("\(address) is taken for another machine's (--node-address)")
      // What depends on rules depends on the address too, and its answer is long enough.
      if others.verdict != ends.verdict, ends.verdict != .depends {
        alternatives.append(Alternative(address: address, ends: others))
      }
    }
    // Most of these are pods. They are worth a word where the answer would be another.
    if !doubts.unclear.isEmpty, endsIf(doubts.unclear).verdict != ends.verdict {
      let addresses = Wording.list(doubts.unclear.map { "\($0)" })
      assumptions.append(
        doubts.unclear.count == 1
          ? "\(addresses) is not the node's own address (--node-address)"
          : "none of \(addresses) is the node's own address (--node-address)")
    }
    return (alternatives, assumptions)
  }
}

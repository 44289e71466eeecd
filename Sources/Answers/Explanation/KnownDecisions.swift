internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// Walks a packet, and decides for rules that the walk can't judge by itself what follows from more than one
/// rule, or from what a question means.
final class KnownDecisions {
  /// Whether the walk met a rule for clients that had an endpoint before.
  private(set) var hasAffinity = false
  /// What was taken for granted, in sentences.
  private(set) var assumptions: [String] = []
  private let resolved: ResolvedPacket
  /// Interfaces by which the packet doesn't leave wherever it goes.
  private var unusedOutputs: Set<[UInt8]> = []

  init(_ resolved: ResolvedPacket) { self.resolved = resolved }

  func walk() -> Walk {
    let walk = makeWalk()
    // Where it goes is known now.
    let destinations = Set(walk.outcomes.map(\.state.packet.destination))
      .union([resolved.packet.destination])
    let unused = resolved.networks.filter { !destinations.contains(where: $0.network.matches) }
    unusedOutputs = Set(unused.map(\.name))
    return unusedOutputs.isEmpty ? walk : makeWalk()
  }

  private func makeWalk() -> Walk {
    Walk(
      of: resolved.packet, from: resolved.origin, through: resolved.side.snapshot,
      on: resolved.node,
      decide: decide)
  }

  private func decide(_ address: RuleAddress) -> Bool? {
    guard let (rule, chain) = resolved.side.rule(address) else { return nil }
    let interfaces: [(isInverted: Bool, mayBe: () -> Bool)] = [
      (rule.selector("-i"), comesIn), (rule.selector("-o"), goesOut),
    ].compactMap { interface, mayBe in
      interface.map { interface in (interface.isInverted, { mayBe(interface.value) }) }
    }
    if interfaces.contains(where: { !$0.isInverted && !$0.mayBe() }) { return false }
    if !interfaces.isEmpty, interfaces.allSatisfy(\.isInverted), rule.hasDecidedMatches,
      resolved.packet.destinationPort != nil, !interfaces.contains(where: { $0.mayBe() })
    {
      return true
    }
    guard case .service = ChainRole(chain.name) else { return nil }
    // A client is new to session affinity. What sets its time matches always.
    if rule.hasRecent({ $0.isText("--rcheck", $1.name) || $0.isText("--update", $1.name) }) {
      hasAffinity = true
      return false
    }
    return rule.hasRecent { $0.isText("--set", $1.name) && !$1.isInverted } ? true : nil
  }

  /// Whether a packet of which that isn't known may come in by an interface: what the node doesn't send doesn't
  /// come by lo, and what isn't of an interface's network doesn't come by that.
  private func comesIn(by name: [UInt8]) -> Bool {
    guard resolved.origin == .outside, resolved.packet.input == .unknown else { return true }
    if name == Array("lo".utf8) { return false }
    if resolved.isFromMachine, Self.podInterfaces.contains(where: { name.starts(with: $0) }) {
      return false
    }
    guard let known = resolved.networks.first(where: { $0.name == name }),
      !known.network.matches(resolved.packet.source)
    else { return true }
    noteNetwork(name)
    return false
  }

  /// What the names of interfaces begin with that lead to pods or containers, and to no other machine.
  private static let podInterfaces = ["cali", "cni", "cbr", "docker", "lxc", "veth"].map {
    Array($0.utf8)
  }

  private func goesOut(by name: [UInt8]) -> Bool {
    guard unusedOutputs.contains(name) else { return true }
    noteNetwork(name)
    return false
  }

  private func noteNetwork(_ name: [UInt8]) {
    guard let known = resolved.networks.first(where: { $0.name == name }) else { return }
    let interface = String(decoding: name, as: UTF8.self)
    let sentence =
      "it does not pass \(interface), which is for \(known.network.text), by nat's POSTROUTING rule "
      + "\(known.position + 1)"
    if !assumptions.contains(sentence) { assumptions.append(sentence) }
  }
}

extension Rule {
  /// Whether the walk decides all of its matches.
  fileprivate var hasDecidedMatches: Bool {
    !contains { element, line, _ in
      element.kind == .match
        && !["addrtype", "comment", "multiport", "sctp", "tcp", "udp"].contains {
          line.isText($0, element.name)
        }
    }
  }

  /// Whether `-m recent` has an option, which is how session affinity is written.
  fileprivate func hasRecent(_ isMeant: (Span<UInt8>, LineElement) -> Bool) -> Bool {
    contains { element, line, owner in line.isText("recent", owner) && isMeant(line, element) }
  }
}

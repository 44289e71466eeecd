internal import KubeProxy
internal import Netfilter
internal import PacketWalk

/// Walks a packet, and decides about rules that the walk can't judge alone. What decides is another rule, or what a
/// question means.
final class KnownDecisions {
  /// Whether the walk met a rule for clients that had an endpoint before.
  private(set) var hasAffinity = false
  /// What was taken for granted, in sentences.
  private(set) var assumptions: [String] = []
  private let resolved: ResolvedPacket
  /// The networks whose interfaces the packet doesn't leave by, wherever it goes.
  private var unusedOutputs: [InterfaceNetwork] = []

  init(_ resolved: ResolvedPacket) { self.resolved = resolved }

  func walk() -> Walk {
    let walk = makeWalk()
    // Where it goes is known now.
    let destinations = Set(walk.outcomes.map(\.state.packet.destination))
      .union([resolved.packet.destination])
    unusedOutputs = resolved.networks.filter {
      !destinations.contains(where: $0.network.matches)
    }
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
      (rule.value(of: "-i"), comesIn), (rule.value(of: "-o"), goesOut),
    ].compactMap { interface, mayBe in
      interface.map { interface in (interface.isInverted, { mayBe(interface.bytes) }) }
    }
    if interfaces.contains(where: { !$0.isInverted && !$0.mayBe() }) { return false }
    if !interfaces.isEmpty, interfaces.allSatisfy(\.isInverted), decidesMatches(of: rule),
      !interfaces.contains(where: { $0.mayBe() })
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

  /// Whether the walk decides all matches of a rule. Of ports it can't where the packet's port isn't known.
  private func decidesMatches(of rule: Rule) -> Bool {
    let ofPorts = ["multiport", "sctp", "tcp", "udp"]
    let decided = ["addrtype", "comment"] + (resolved.packet.destinationPort == nil ? [] : ofPorts)
    return !rule.contains { element, line, _ in
      element.kind == .match && !decided.contains { line.isText($0, element.name) }
    }
  }

  /// Whether a packet may come in by an interface, where nothing says by which it does. Only the node's own packets
  /// come by lo, and only those of its network come by an interface of Docker's.
  private func comesIn(by name: [UInt8]) -> Bool {
    guard resolved.origin == .outside, resolved.packet.input == .unknown else { return true }
    if name == Array("lo".utf8) { return false }
    if resolved.isFromMachine, Self.podInterfaces.contains(where: { name.starts(with: $0) }) {
      return false
    }
    guard let known = resolved.networks.first(where: { $0.name == name }),
      !known.network.matches(resolved.packet.source)
    else { return true }
    note(known)
    return false
  }

  /// Interfaces whose names begin so lead to pods or containers, and to no other machine.
  private static let podInterfaces = ["cali", "cni", "cbr", "docker", "lxc", "veth"].map {
    Array($0.utf8)
  }

  private func goesOut(by name: [UInt8]) -> Bool {
    guard let known = unusedOutputs.first(where: { $0.name == name }) else { return true }
    note(known)
    return false
  }

  private func note(_ unused: InterfaceNetwork) {
    let interface = String(decoding: unused.name, as: UTF8.self)
    let sentence =
      "it does not pass \(interface), which is for \(unused.network.text), by nat's POSTROUTING rule "
      + "\(unused.position + 1)"
    if !assumptions.contains(sentence) { assumptions.append(sentence) }
  }
}

extension Rule {
  /// Whether `-m recent` has an option, which is how session affinity is written.
  fileprivate func hasRecent(_ isMeant: (Span<UInt8>, LineElement) -> Bool) -> Bool {
    contains { element, line, owner in line.isText("recent", owner) && isMeant(line, element) }
  }
}

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
    let unused = resolved.networks.filter { !destinations.contains(where: $0.network.holds) }
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
    let conditions = Conditions(rule)
    if let input = conditions.input, !comesIn(by: input) { return false }
    if let output = conditions.output, !goesOut(by: output) { return false }
    if conditions.areKnownOtherwise, resolved.packet.destinationPort != nil,
      conditions.notInput.map({ !comesIn(by: $0) }) ?? true,
      conditions.notOutput.map({ !goesOut(by: $0) }) ?? true
    {
      return true
    }
    guard case .service = ChainRole(chain.name) else { return nil }
    // A client is new to session affinity. What sets its time matches always.
    if conditions.asksForClient { hasAffinity = true }
    return conditions.asksForClient ? false : conditions.setsClient ? true : nil
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
      !known.network.holds(resolved.packet.source)
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

/// What matters here of a rule's conditions.
private struct Conditions {
  private(set) var input: [UInt8]?
  private(set) var output: [UInt8]?
  /// The same, inverted.
  private(set) var notInput: [UInt8]?
  private(set) var notOutput: [UInt8]?
  /// Whether nothing but inverted interfaces is asked for that may not be known.
  private(set) var areKnownOtherwise = true
  /// Session affinity: whether the client must have been here, or is noted.
  private(set) var asksForClient = false
  private(set) var setsClient = false

  init(_ rule: Rule) {
    rule.forEachElement { element, line, owner in
      switch element.kind {
      case .option where line.isText("recent", owner):
        asksForClient =
          asksForClient || line.isText("--rcheck", element.name)
          || line.isText("--update", element.name)
        setsClient = setsClient || line.isText("--set", element.name) && !element.isInverted
      case .match:
        let name = String(decoding: line.bytes(in: element.name), as: UTF8.self)
        if !Self.known.contains(name) { areKnownOtherwise = false }
      case .selector where line.isText("-i", element.name):
        let name = line.bytes(in: element.value)
        if element.isInverted { notInput = name } else { input = name }
      case .selector where line.isText("-o", element.name):
        let name = line.bytes(in: element.value)
        if element.isInverted { notOutput = name } else { output = name }
      default: break
      }
    }
    if input != nil || output != nil || notInput == nil && notOutput == nil {
      areKnownOtherwise = false
    }
  }

  /// Matches that the walk decides.
  private static let known: Set<String> = [
    "addrtype", "comment", "multiport", "sctp", "tcp", "udp",
  ]
}

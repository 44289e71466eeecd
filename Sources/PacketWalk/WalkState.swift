public import Netfilter

/// Where a rule stands in the rule set that is walked.
public struct RuleAddress: Sendable, Hashable {
  public let table: TableName
  /// The index of the chain in the table.
  public let chain: Int
  /// The position in the chain, counted from 0.
  public let position: Int

  public init(table: TableName, chain: Int, position: Int) {
    self.table = table
    self.chain = chain
    self.position = position
  }
}

/// A packet on its way: what rules have made of it so far.
public struct WalkState: Sendable, Hashable {
  public internal(set) var packet: Packet
  /// What the packet was before any rule changed it.
  public let original: Packet
  public internal(set) var mark = Mark()
  public internal(set) var connectionMark: Mark
  /// The rule that translated the destination.
  public internal(set) var destinationRule: RuleAddress?
  /// The rule that translates the source.
  public internal(set) var sourceRule: RuleAddress?
  /// The rule that took the packet out of connection tracking, so that nat doesn't see it: `NOTRACK`.
  public internal(set) var untrackingRule: RuleAddress?
  /// Whether connection tracking has seen the packet.
  var isTracked = false
  /// Whether `CT` has said how connection tracking is to take the packet, which it hasn't seen yet.
  var hasTemplate = false
  /// Whether the packet has left the last hook once: it comes again by loopback.
  var isConfirmed = false
  /// Whether the node delivers it to itself, at an address that isn't known: `REDIRECT`.
  public internal(set) var isRedirected = false
  /// Whether ``Packet/source`` is no longer the packet's: `MASQUERADE`.
  public internal(set) var hasUnknownSource = false
  /// Whether ``Packet/destination`` is the first of several (`DNAT` to a range), or no longer the packet's
  /// (`REDIRECT`).
  public internal(set) var hasUnknownDestination = false

  init(_ packet: Packet) {
    self.packet = packet
    original = packet
    // Rules may have set the mark when the connection's first packet passed.
    connectionMark = packet.connection == .new ? Mark() : .unknown
  }

  /// The source, where it is known.
  var source: IPAddress? { hasUnknownSource ? nil : packet.source }

  /// The destination, where it is known.
  var destination: IPAddress? { hasUnknownDestination ? nil : packet.destination }

  /// Whether the destination is another than the client asked for: `IPS_DST_NAT`.
  var isDestinationTranslated: Truth {
    if destinationRule == nil { return .no }
    // A port of a range may be the one that the client asked for.
    let isPortKnown = packet.destinationPort != nil || original.destinationPort == nil
    if isPortKnown, packet.destinationPort != original.destinationPort { return .yes }
    if hasUnknownDestination { return .unknown }
    if packet.destination != original.destination { return .yes }
    return isPortKnown ? .no : .unknown
  }

  /// Whether the source is, or may be, another: `IPS_SRC_NAT`.
  var isSourceTranslated: Truth {
    if sourceRule == nil { return .no }
    if hasUnknownSource { return .unknown }
    if packet.source != original.source { return .yes }
    if packet.sourcePort == nil, original.sourcePort != nil { return .unknown }
    return Truth(packet.sourcePort != original.sourcePort)
  }
}

/// One way on which a state can come about.
public struct Branch: Sendable, Hashable {
  /// The probability of it, as `-m statistic` has it, if all ``assumptions`` hold.
  public internal(set) var odds: Double
  /// What has to be so, and isn't known; in the order in which it was met.
  public internal(set) var assumptions: [Assumption]
}

/// That a rule matches, or doesn't, though the walk can't tell.
public struct Assumption: Sendable, Hashable {
  public let rule: RuleAddress
  public let matches: Bool
}

/// States at one point of the way, each with the branches that lead to it.
struct Walkers {
  private(set) var entries: [(state: WalkState, branches: [Branch])] = []
  /// The entries by state, once there are many.
  private var indices: [WalkState: Int] = [:]

  /// More branches than this of one state are taken together.
  private static let mostBranches = 32
  /// Fewer entries than this are searched one by one.
  private static let mostWithoutIndices = 8

  var isEmpty: Bool { entries.isEmpty }

  init() {}

  /// One state, for certain.
  init(_ state: WalkState) { entries = [(state, [Branch(odds: 1, assumptions: [])])] }

  mutating func add(_ state: WalkState, _ branches: [Branch]) {
    if branches.isEmpty { return }
    guard let index = index(of: state) else {
      entries.append((state, branches))
      if !indices.isEmpty { indices[state] = entries.count - 1 }
      return
    }
    for branch in branches { Self.add(branch, to: &entries[index].branches) }
  }

  mutating func add(_ others: Walkers) {
    if isEmpty {
      self = others
    } else {
      for (state, branches) in others.entries { add(state, branches) }
    }
  }

  /// The walkers with each state changed.
  func changing(_ change: (inout WalkState) -> Void) -> Walkers {
    var changed = Walkers()
    for (state, branches) in entries {
      var state = state
      change(&state)
      changed.add(state, branches)
    }
    return changed
  }

  /// The walkers on whose branches the rule matches, or doesn't, by assumption.
  func assuming(_ rule: RuleAddress, matches: Bool) -> Walkers {
    var walkers = self
    for index in entries.indices {
      walkers.entries[index].branches = entries[index].branches.map {
        $0.assuming(rule, matches: matches)
      }
    }
    return walkers
  }

  /// Separates the walkers for which the condition holds.
  func partition(_ condition: (WalkState) -> Bool) -> (matching: Walkers, rest: Walkers) {
    var (matching, rest) = (Walkers(), Walkers())
    for (state, branches) in entries {
      if condition(state) { matching.add(state, branches) } else { rest.add(state, branches) }
    }
    return (matching, rest)
  }

  private mutating func index(of state: WalkState) -> Int? {
    if entries.count < Self.mostWithoutIndices { return entries.firstIndex { $0.state == state } }
    if indices.isEmpty {
      for (index, entry) in entries.enumerated() { indices[entry.state] = index }
    }
    return indices[state]
  }

  /// Adds a branch, and takes it together with one that differs from it in nothing that matters.
  private static func add(_ branch: Branch, to branches: inout [Branch]) {
    for index in branches.indices {
      if branches[index].assumptions == branch.assumptions {
        branches[index].odds = min(1, branches[index].odds + branch.odds)
        return
      }
      if let joined = branches[index].joined(with: branch) {
        branches.remove(at: index)
        return add(joined, to: &branches)
      }
    }
    branches.append(branch)
    if branches.count > mostBranches { branches = [combined(branches)] }
  }

  /// One branch for all: what they have in common has to hold, and the odds are the best of them.
  private static func combined(_ branches: [Branch]) -> Branch {
    var common = branches[0].assumptions
    for branch in branches.dropFirst() {
      let other = Set(branch.assumptions)
      common.removeAll { !other.contains($0) }
    }
    return Branch(odds: branches.map(\.odds).max() ?? 1, assumptions: common)
  }
}

extension Branch {
  func assuming(_ rule: RuleAddress, matches: Bool) -> Branch {
    var branch = self
    branch.assumptions.append(Assumption(rule: rule, matches: matches))
    return branch
  }

  /// The branch that both are together if it doesn't matter whether one rule matches: they assume the
  /// same but for that, and have the same odds.
  fileprivate func joined(with other: Branch) -> Branch? {
    guard assumptions.count == other.assumptions.count, abs(odds - other.odds) < 1e-9 else {
      return nil
    }
    var difference: Int?
    for index in assumptions.indices where assumptions[index] != other.assumptions[index] {
      guard difference == nil, assumptions[index].rule == other.assumptions[index].rule else {
        return nil
      }
      difference = index
    }
    guard let difference else { return nil }
    var joined = self
    joined.assumptions.remove(at: difference)
    return joined
  }
}

/// What targets make of a packet.
extension WalkState {
  /// Takes the packet out of connection tracking: `NOTRACK`. A packet that has a connection stays as it is. So does
  /// one that was untracked before, or for which ``setTemplate()`` was called.
  mutating func untrack(_ rule: RuleAddress) {
    guard !hasConnection, !hasTemplate, packet.connection != .untracked else { return }
    packet.connection = .untracked
    untrackingRule = rule
  }

  /// Says how connection tracking is to take the packet: `CT`.
  mutating func setTemplate() {
    if !hasConnection, packet.connection != .untracked { hasTemplate = true }
  }

  mutating func translateDestination(_ range: AddressTranslation, _ rule: RuleAddress) {
    destinationRule = rule
    if range.hasAddress {
      packet.destination = range.first
      hasUnknownDestination = range.first != range.last
    }
    translatePort(range)
  }

  private mutating func translatePort(_ range: AddressTranslation) {
    guard range.hasPort else { return }
    packet.destinationPort = range.firstPort == range.lastPort ? range.firstPort : nil
  }

  /// To an address of the interface that the packet came in by, or to a loopback address: `REDIRECT`.
  mutating func redirect(
    to ports: AddressTranslation?, _ rule: RuleAddress, _ hook: PacketHook
  ) {
    isRedirected = true
    destinationRule = rule
    if hook == .output {
      packet.destination =
        packet.family == .ipv4
        ? IPAddress(ipv4: 0x7f00_0001) : IPAddress(ipv6High: 0, low: 1)
    } else {
      hasUnknownDestination = true
    }
    if let ports { translatePort(ports) }
  }

  mutating func translateSource(_ range: AddressTranslation?, _ rule: RuleAddress) {
    sourceRule = rule
    if let range, range.hasAddress, range.first == range.last {
      packet.source = range.first
    } else if range?.hasAddress ?? true {
      hasUnknownSource = true
    }
    // The kernel may choose another port too.
    packet.sourcePort = nil
  }

  /// Replaces the network's part of an address: `NETMAP`.
  mutating func translate(
    _ network: AddressMatch, _ rule: RuleAddress, _ hook: PacketHook
  ) {
    if hook == .prerouting || hook == .output {
      destinationRule = rule
      packet.destination = packet.destination.mapped(to: network)
    } else {
      sourceRule = rule
      packet.source = packet.source.mapped(to: network)
    }
  }
}

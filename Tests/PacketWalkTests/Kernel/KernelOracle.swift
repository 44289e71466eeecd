import Glibc
import IPTablesSource
import Netfilter
import PacketWalk
import TestSupport

/// Holds the walk against the kernel: sends a packet, and compares each rule's counter, each policy's,
/// and where the packet came out.
struct KernelOracle {
  let node: WalkNode
  let backend: Backend
  let family: IPFamily
  private(set) var figures = Figures()
  private let source: any RulesetSource
  private var last: FamilySnapshot?
  private var random = SplitMix64(seed: 0)
  private var serial: UInt16 = 0
  /// A reply to the last packet; nil where it came to nobody, or was translated.
  private(set) var reply: RandomPackets.Sent?

  /// What was compared.
  struct Figures {
    var rulesets = 0
    var rules = 0
    var packets = 0
    /// The rules' counters that were compared, over all packets.
    var comparisons = 0
    /// The evaluations of rules, and those among them that the counters decided.
    var evaluations = 0
    var decisions = 0
    /// How packets ended.
    var ends: [String: Int] = [:]
    /// What the rules that the walk evaluated by itself, and that matched, asked for and did.
    var extensions: [String: Int] = [:]
  }

  init(_ node: WalkNode, _ backend: Backend, _ family: IPFamily) {
    self.node = node
    self.backend = backend
    self.family = family
    source = backend.source(tables: Set(TableName.allCases), families: [family])
  }

  /// Makes the tables in the text those of the kernel, and all others empty.
  mutating func load(_ text: String) throws {
    try backend.load(Array(Self.complete(text).utf8), family)
    let snapshot = try read()
    last = snapshot
    figures.rulesets += 1
    figures.rules += snapshot.tables.reduce(0) { $0 + $1.content.ruleCount }
    _ = node.arrivals()
  }

  /// With all tables, and policies that count: nf_tables counts for those that have counted before.
  private static func complete(_ text: String) -> String {
    let lines = text.split(separator: "\n").map { line -> Substring in
      guard line.hasPrefix(":"), let bracket = line.firstIndex(of: "["), !line.contains(" - ")
      else { return line }
      return line[..<bracket] + "[1:1]"
    }
    let missing = TableName.allCases.filter { !lines.contains("*\($0.rawValue)") }.map { table in
      (["*\(table.rawValue)"] + table.builtInChains.map { ":\($0) ACCEPT [1:1]" } + ["COMMIT"])
        .joined(separator: "\n")
    }
    return (lines.map(String.init) + missing).joined(separator: "\n") + "\n"
  }

  private func read() throws -> FamilySnapshot {
    for reading in source.read(.all).families where reading.family == family {
      return try reading.result.get()
    }
    throw NoSuchFamily()
  }

  /// Sends a packet, and returns what the walk and the kernel disagree on; nothing where they agree.
  mutating func disagreements(
    on packet: Packet, from origin: WalkNode.Origin
  ) throws -> [String] {
    serial &+= 1
    reply = nil
    guard let before = last else { return ["no rules were loaded"] }
    try node.send(WirePacket.bytes(packet, serial: serial), packet, from: origin)
    figures.packets += 1
    var arrivals: [Arrival] = []
    var found: [String] = []
    // A packet has mostly gone all its way when the call returns.
    for pause: UInt32 in [0, 1_000, 10_000, 100_000] {
      usleep(pause)
      arrivals += node.arrivals()
      let after = try read()
      last = after
      let rise = CounterRise(from: before, to: after)
      found = compare(packet, origin, after, rise, arrivals)
      if found.isEmpty { return [] }
    }
    return ["\(origin), \(packet)"] + found + arrivals.map { "arrived: \($0)" }
  }

  /// The reader returned nothing for the family.
  private struct NoSuchFamily: Error {}

  private mutating func compare(
    _ packet: Packet, _ origin: WalkNode.Origin, _ snapshot: FamilySnapshot, _ rise: CounterRise,
    _ arrivals: [Arrival]
  ) -> [String] {
    var first: [String] = []
    for attempt in 0..<4_000 {
      // A rule that is met several times may have matched at any of them.
      let decisions = Decisions(rise, attempt == 0 ? nil : random.next())
      let walk = Walk(
        of: packet, from: origin.packetOrigin, through: snapshot, on: node.context,
        decide: decisions.decide)
      let found =
        rise.disagreements(with: walk, in: snapshot) + disagreements(on: arrivals, with: walk)
      if found.isEmpty {
        count(walk, decisions, snapshot)
        reply = self.reply(to: walk, snapshot)
        return []
      }
      if first.isEmpty { first = found }
      if !decisions.areAmbiguous { break }
    }
    return first
  }

  private mutating func count(_ walk: Walk, _ decisions: Decisions, _ snapshot: FamilySnapshot) {
    figures.comparisons += snapshot.tables.reduce(0) { $0 + $1.counters.count }
    figures.evaluations += walk.steps.count
    figures.decisions += decisions.count
    if let end = walk.outcomes.first?.end { figures.ends[end.kindName, default: 0] += 1 }
    for step in walk.steps where step.match == .yes && !decisions.have(step.rule) {
      for word in snapshot.line(step.rule).extensions { figures.extensions[word, default: 0] += 1 }
    }
  }

  /// What the receiver of a datagram answers.
  private func reply(to walk: Walk, _ snapshot: FamilySnapshot) -> RandomPackets.Sent? {
    guard let outcome = walk.outcomes.first, outcome.end == .sent else { return nil }
    let (state, packet) = (outcome.state, outcome.state.packet)
    // In another zone it would be another connection.
    let hasZones = snapshot.table(.raw)?.content.chains.contains { chain in
      chain.rules.contains { String(decoding: $0.line, as: UTF8.self).contains("-j CT --zone") }
    }
    guard packet.ipProtocol == 17, packet.connection == .new, hasZones != true,
      state.sourceRule == nil, state.destinationRule == nil
    else { return nil }
    let origin = WalkNode.Origin(packet.destination)
    let reply = Packet(
      source: packet.destination, destination: packet.source, ipProtocol: 17,
      sourcePort: packet.destinationPort, destinationPort: packet.sourcePort,
      input: origin.interface, bridgePort: origin.bridgePort, connection: .established)
    return (reply, origin)
  }

  private func disagreements(on arrivals: [Arrival], with walk: Walk) -> [String] {
    guard let outcome = walk.outcomes.first, walk.outcomes.count == 1 else {
      return ["the walk has \(walk.outcomes.count) outcomes"]
    }
    guard outcome.end.isDelivered else {
      // A reset for what a bridge's port received is sent by no way of rules.
      let others = arrivals.filter { $0.destination != outcome.state.original.source }
      return others.isEmpty ? [] : ["\(outcome.end), but it arrived"]
    }
    guard let arrival = arrivals.first, arrivals.count == 1 else {
      return ["\(outcome.end), but there are \(arrivals.count) arrivals"]
    }
    return outcome.agrees(with: arrival, on: node.context)
      ? [] : ["\(outcome.end), \(outcome.state.packet)"]
  }
}

/// Answers of the kernel's counters to what a walk can't decide.
private final class Decisions {
  private var remaining: [RuleKey: UInt64]
  private var answered: [RuleKey: Int] = [:]
  private var random: SplitMix64?
  /// Whether other answers would have been as good.
  private(set) var areAmbiguous = false

  /// - Parameter seed: Nil to say that rules match at first.
  init(_ rise: CounterRise, _ seed: UInt64?) {
    remaining = rise.rules
    random = seed.map(SplitMix64.init(seed:))
  }

  var count: Int { answered.values.reduce(0, +) }

  func have(_ rule: RuleAddress) -> Bool { answered[RuleKey(rule)] != nil }

  func decide(_ rule: RuleAddress) -> Bool? {
    let key = RuleKey(rule)
    answered[key, default: 0] += 1
    guard let left = remaining[key], left > 0 else { return false }
    areAmbiguous = true
    if let number = random?.next(), number & 1 == 0 { return false }
    remaining[key] = left - 1
    return true
  }
}

extension Walk.Outcome {
  /// Whether the packet came out where and as the walk says.
  fileprivate func agrees(with arrival: Arrival, on node: NodeContext) -> Bool {
    let packet = state.packet
    let destination: Bool =
      if state.isRedirected {
        node.isLocal(arrival.destination)
      } else {
        state.hasUnknownDestination || arrival.destination == packet.destination
      }
    let source =
      state.hasUnknownSource ? node.isLocal(arrival.source) : arrival.source == packet.source
    let interface: NetworkInterface =
      end == .deliveredHere ? .none : node.interface(arrival.destination)
    return destination && source && arrival.ipProtocol == packet.ipProtocol
      && interface == (arrival.interface.map { .named($0) } ?? .none)
      && (packet.sourcePort == nil || arrival.sourcePort == nil
        || packet.sourcePort == arrival.sourcePort)
      && (packet.destinationPort == nil || arrival.destinationPort == nil
        || packet.destinationPort == arrival.destinationPort)
  }
}

extension WalkEnd {
  fileprivate var kindName: String {
    String("\(self)".prefix { $0 != "(" })
  }
}

extension String {
  /// `-m mark`, `-j DNAT`, `-s` and such.
  fileprivate var extensions: Set<String> {
    let words = split(separator: " ")
    var names: Set<String> = []
    for (word, next) in zip(words, words.dropFirst()) {
      if word == "-m" || word == "-j" && !next.contains("-") { names.insert("\(word) \(next)") }
      if ["-s", "-d", "-p", "-i", "-o", "-f", "-g"].contains(word) { names.insert(String(word)) }
    }
    return names
  }
}

extension KernelOracle.Figures: CustomStringConvertible {
  var description: String {
    func list(_ counts: [String: Int]) -> String {
      counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    return """
      \(packets) packets through \(rulesets) rule sets of \(rules) rules, \(comparisons) counters \
      compared, \(evaluations) evaluations, of which \(decisions) the counters decided; \
      ends: \(list(ends)); matched: \(list(extensions))
      """
  }
}

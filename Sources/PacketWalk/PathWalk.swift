internal import Netfilter

/// Takes a packet from hook to hook.
struct PathWalk {
  private let rules: FamilySnapshot
  private let node: NodeContext
  private let decide: ((RuleAddress) -> Bool?)?
  private(set) var recorder = WalkRecorder()

  init(_ rules: FamilySnapshot, _ node: NodeContext, _ decide: ((RuleAddress) -> Bool?)?) {
    self.rules = rules
    self.node = node
    self.decide = decide
  }

  mutating func walk(_ packet: Packet, from origin: PacketOrigin) {
    let walkers = Walkers(WalkState(packet))
    switch origin {
    case .outside: receive(walkers)
    case .node: send(walkers)
    }
  }

  /// The way of what comes in.
  private mutating func receive(_ walkers: Walkers) {
    let arrived = pass(.prerouting, walkers)
    let (local, others) = arrived.partition(isDeliveredHere)
    deliver(local)
    recorder.end(pass(.postrouting, pass(.forward, others)), .sent)
  }

  /// The way of what the node sends. What it sends to itself comes in again by the interface lo.
  private mutating func send(_ walkers: Walkers) {
    let sent = pass(.postrouting, pass(.output, walkers))
    let (local, others) = sent.partition(isDeliveredHere)
    recorder.end(others, .sent)
    deliver(
      pass(
        .prerouting,
        local.changing {
          $0.isConfirmed = true
          $0.packet.input = .named("lo")
          $0.packet.bridgePort = .none
        }))
  }

  private mutating func deliver(_ walkers: Walkers) {
    recorder.end(pass(.input, walkers), .deliveredHere)
  }

  private func isDeliveredHere(_ state: WalkState) -> Bool {
    let address = state.packet.destination
    return state.isRedirected || node.isLocal(address) || address.isMulticast
      || address.isLimitedBroadcast
  }

  /// Passes all tables of a hook, and returns what they accept.
  private mutating func pass(_ hook: PacketHook, _ walkers: Walkers) -> Walkers {
    var walkers = walkers
    for table in hook.tables(rules.backend) {
      if table != .raw { walkers = walkers.tracked }
      if walkers.isEmpty { break }
      guard let content = rules.table(table)?.content else { continue }
      let (asked, rest) = table == .nat ? walkers.partition(\.isTranslatable) : (walkers, Walkers())
      var walk = TableWalk(content, hook, node, decide, recorder)
      walkers = walk.pass(asked)
      recorder = walk.recorder
      walkers.add(rest)
    }
    return walkers.tracked
  }
}

extension Walkers {
  /// The same after connection tracking has looked at them.
  fileprivate var tracked: Walkers {
    let isDone = entries.allSatisfy { state, _ in
      !state.hasTemplate && (state.isTracked || state.packet.connection == .untracked)
    }
    if isDone { return self }
    return changing {
      if $0.packet.connection != .untracked { $0.isTracked = true }
      $0.hasTemplate = false
    }
  }
}

extension WalkState {
  /// Whether nat's rules see the packet: the first of its connection, on its first pass.
  fileprivate var isTranslatable: Bool {
    isTracked && packet.connection == .new && !isConfirmed
  }
}

/// What a walk leaves behind.
struct WalkRecorder {
  var steps: [WalkStep] = []
  var policies: [PolicyStep] = []
  private(set) var ends: [WalkEnd: Walkers] = [:]

  mutating func end(_ walkers: Walkers, _ end: WalkEnd) {
    if !walkers.isEmpty { ends[end, default: Walkers()].add(walkers) }
  }
}

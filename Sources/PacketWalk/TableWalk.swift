internal import Netfilter

/// Takes packets through one table at one hook.
struct TableWalk {
  private let table: TableContent
  private let hook: PacketHook
  private let node: NodeContext
  private let decide: ((RuleAddress) -> Bool?)?
  private(set) var recorder: WalkRecorder
  private var accepted = Walkers()
  /// The chains that are being walked through, from the built-in one on.
  private var path: [Int] = []

  /// More chains than this aren't nested; nf_tables takes 16.
  private static let deepest = 128
  /// More evaluations of rules than this are not made in a walk.
  private static let longest = 500_000

  init(
    _ table: TableContent, _ hook: PacketHook, _ node: NodeContext,
    _ decide: ((RuleAddress) -> Bool?)?, _ recorder: WalkRecorder
  ) {
    self.table = table
    self.hook = hook
    self.node = node
    self.decide = decide
    self.recorder = recorder
  }

  /// Returns what the hook's built-in chain accepts, by a rule or by its policy.
  mutating func pass(_ walkers: Walkers) -> Walkers {
    guard let chain = table.chainIndex(of: hook.chain), !walkers.isEmpty else { return walkers }
    let undecided = walk(chain, walkers)
    if undecided.isEmpty { return accepted }
    recorder.policies.append(PolicyStep(hook: hook, table: table.name, chain: chain))
    if table.chains[chain].policy == .drop {
      recorder.end(undecided, .droppedByPolicy(table.name, chain: chain))
    } else {
      accepted.add(undecided)
    }
    return accepted
  }

  /// Walks through a chain, and returns what comes to its end or returns before.
  private mutating func walk(_ chain: Int, _ arriving: Walkers) -> Walkers {
    path.append(chain)
    defer { path.removeLast() }
    let rules = table.chains[chain].rules
    var present = arriving
    var returned = Walkers()
    // Most rules match nothing, and leave those who are present as they are.
    var contexts = contexts(present)
    for position in rules.indices where !present.isEmpty {
      let line = rules.line(at: position)
      let rule = RuleAddress(table: table.name, chain: chain, position: position)
      if take(line.span, rule, contexts, &present, &returned) {
        contexts = self.contexts(present)
      }
    }
    returned.add(present)
    return returned
  }

  /// Evaluates a rule for all that comes to it, and does what it says. Returns whether it did anything.
  ///
  /// - Parameter contexts: Those of all that is present.
  private mutating func take(
    _ line: Span<UInt8>, _ rule: RuleAddress, _ contexts: [MatchContext],
    _ present: inout Walkers, _ returned: inout Walkers
  ) -> Bool {
    if recorder.steps.count >= Self.longest {
      recorder.end(present, .tooLong(at: rule))
      present = Walkers()
      return true
    }
    var elements = LineElements()
    guard let (matched, passed) = split(present, line, rule, contexts, &elements) else {
      return false
    }
    present = passed
    switch RuleAction(line, &elements, chains: table.chainIndex) {
    case .jump(let chain): present.add(enter(chain, matched, from: rule))
    case .goto(let chain): returned.add(enter(chain, matched, from: rule))
    case .return: returned.add(matched)
    case .drop: recorder.end(matched, .dropped(by: rule))
    case .reject: recorder.end(matched, .rejected(by: rule))
    // No rule behind it sees the packet, wherever it goes.
    case .translateUnknown: recorder.end(matched, .undetermined(by: rule))
    case .unknown:
      recorder.end(matched.assuming(rule, matches: true), .undetermined(by: rule))
      present.add(matched.assuming(rule, matches: false))
    case .accept(let change): accepted.add(matched.changing { change(&$0, rule, hook) })
    case .change(let change): present.add(matched.changing { change(&$0, rule, hook) })
    }
    return true
  }

  private mutating func enter(_ chain: Int, _ walkers: Walkers, from rule: RuleAddress) -> Walkers {
    if path.contains(chain) || path.count >= Self.deepest {
      recorder.end(walkers, path.contains(chain) ? .loop(at: rule) : .tooLong(at: rule))
      return Walkers()
    }
    return walk(chain, walkers)
  }

  /// Separates what matches a rule, or may, from what doesn't. Nil where nothing matches.
  ///
  /// - Parameter elements: Is left where the target stands, if anything may match.
  private mutating func split(
    _ present: Walkers, _ line: Span<UInt8>, _ rule: RuleAddress, _ contexts: [MatchContext],
    _ elements: inout LineElements
  ) -> (matched: Walkers, passed: Walkers)? {
    var matches: [RuleMatch] = []
    for index in contexts.indices {
      var position = LineElements()
      let match = RuleMatch(line, contexts[index], &position).decided(by: decide, rule)
      if match.truth == .no, matches.isEmpty { continue }
      if matches.isEmpty { matches = Array(repeating: .no, count: index) }
      matches.append(match)
      if match.truth != .no { elements = position }
    }
    let isAll = matches.allSatisfy { $0.truth == .yes && $0.odds >= 1 }
    recorder.steps.append(
      WalkStep(
        hook: hook, rule: rule, depth: path.count - 1,
        match: matches.isEmpty ? .no : isAll ? .yes : .sometimes))
    if matches.isEmpty { return nil }
    var (matched, passed) = (Walkers(), Walkers())
    for ((state, branches), match) in zip(present.entries, matches) {
      let (taken, left) = match.split(branches, rule)
      matched.add(state, taken)
      passed.add(state, left)
    }
    return (matched, passed)
  }

  private func contexts(_ walkers: Walkers) -> [MatchContext] {
    walkers.entries.map { context($0.state) }
  }

  private func context(_ state: WalkState) -> MatchContext {
    let input: NetworkInterface = hook == .output ? .none : state.packet.input
    let output: NetworkInterface =
      switch hook {
      case .prerouting, .input: .none
      // The route of the first destination; nat changes it later.
      case .output: interface(to: state.original.destination)
      case .forward, .postrouting: outgoing(state)
      }
    return MatchContext(state: state, hook: hook, input: input, output: output, node: node)
  }

  private func outgoing(_ state: WalkState) -> NetworkInterface {
    if state.isRedirected { return .named("lo") }
    return state.destination.map(interface) ?? .unknown
  }

  private func interface(to address: IPAddress) -> NetworkInterface {
    node.isLocal(address) ? .named("lo") : node.interface(address)
  }
}

extension RuleMatch {
  fileprivate func decided(
    by decide: ((RuleAddress) -> Bool?)?, _ rule: RuleAddress
  ) -> RuleMatch {
    guard let decide, truth != .no, truth == .unknown || odds < 1, let matches = decide(rule) else {
      return self
    }
    return RuleMatch(truth: Truth(matches))
  }

  /// The branches on which the rule matches, and those on which it doesn't.
  fileprivate func split(_ branches: [Branch], _ rule: RuleAddress) -> ([Branch], [Branch]) {
    if truth == .no { return ([], branches) }
    var (matched, passed): ([Branch], [Branch]) = ([], [])
    for branch in branches {
      let taken = truth == .unknown ? branch.assuming(rule, matches: true) : branch
      if truth == .unknown { passed.append(branch.assuming(rule, matches: false)) }
      matched.append(taken.scaled(by: odds))
      if odds < 1 { passed.append(taken.scaled(by: 1 - odds)) }
    }
    return (matched, passed)
  }
}

extension Branch {
  fileprivate func scaled(by share: Double) -> Branch {
    Branch(odds: odds * share, assumptions: assumptions)
  }
}

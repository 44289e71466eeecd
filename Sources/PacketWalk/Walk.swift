public import Netfilter

/// The way of a packet through a node's rules, as the kernel makes it.
///
///     let walk = Walk(of: packet, from: .outside, through: snapshot, on: NodeContext())
///     for outcome in walk.outcomes { … }
///
/// Where a condition can't be decided from what is known, the walk goes both ways, and each outcome says
/// what it assumes. `-m statistic` is followed both ways with its odds. C counterparts: `ipt_do_table`,
/// `nf_hook_slow`, `nf_nat_inet_fn`.
public struct Walk: Sendable {
  /// Each evaluation of a rule, in the order of the way.
  public let steps: [WalkStep]
  /// How the packet may end, the likeliest first.
  public let outcomes: [Outcome]
  /// Chains whose policies decided something, in the order of the way.
  public let policies: [PolicyStep]

  /// An end of the way, and the state in which the packet comes to it.
  public struct Outcome: Sendable {
    public let end: WalkEnd
    public let state: WalkState
    /// The ways to it; their odds add up to those of the outcome where none assumes anything.
    public let branches: [Branch]
  }

  /// Walks.
  ///
  /// - Parameters:
  ///   - rules: Those of the packet's family.
  ///   - decide: Says of a rule that the walk can't decide, or that statistic decides, whether it matches;
  ///     nil to go both ways.
  public init(
    of packet: Packet, from origin: PacketOrigin, through rules: FamilySnapshot,
    on node: NodeContext, decide: ((RuleAddress) -> Bool?)? = nil
  ) {
    var path = PathWalk(rules, node, decide)
    path.walk(packet, from: origin)
    steps = path.recorder.steps
    policies = path.recorder.policies
    outcomes = path.recorder.ends.flatMap { end, walkers in
      walkers.entries.map { Outcome(end: end, state: $0.state, branches: $0.branches) }
    }.sorted { $0.bestOdds > $1.bestOdds }
  }
}

extension Walk.Outcome {
  /// The probability of the outcome if all that is assumed holds.
  public var bestOdds: Double { branches.map(\.odds).max() ?? 0 }

  /// Whether it comes to this without anything that isn't known, at its odds.
  public var isCertain: Bool { branches.contains { $0.assumptions.isEmpty } }
}

/// How a packet ends.
public enum WalkEnd: Sendable, Hashable {
  /// A process on the node gets it.
  case deliveredHere
  /// It leaves the node.
  case sent
  case dropped(by: RuleAddress)
  case rejected(by: RuleAddress)
  /// No rule decided, and the built-in chain's policy is DROP.
  case droppedByPolicy(TableName, chain: Int)
  /// A program decides, or a target that isn't known.
  case undetermined(by: RuleAddress)
  /// The rule leads into a chain that the packet is in. The kernel refuses such rules.
  case loop(at: RuleAddress)
  /// The chains are nested too deeply, or are too many to follow.
  case tooLong(at: RuleAddress)

  public var isDelivered: Bool { self == .deliveredHere || self == .sent }
}

/// An evaluation of a rule: by all states that come to it at once.
public struct WalkStep: Sendable, Hashable {
  public let hook: PacketHook
  public let rule: RuleAddress
  /// 0 for a rule of a built-in chain, and 1 more for each jump.
  public let depth: Int
  public let match: StepMatch

  /// Whether the rule matched.
  public enum StepMatch: Sendable, Hashable {
    case no
    /// Whatever comes to it.
    case yes
    /// Some of what comes to it: by odds, by what isn't known, or because states differ.
    case sometimes
  }
}

/// A built-in chain at whose end the policy decided.
public struct PolicyStep: Sendable, Hashable {
  public let hook: PacketHook
  public let table: TableName
  public let chain: Int
}

/// A point in the kernel where packets meet rules; the raw value is the built-in chain.
public enum PacketHook: String, Sendable, Hashable, CaseIterable {
  case prerouting = "PREROUTING"
  case input = "INPUT"
  case forward = "FORWARD"
  case output = "OUTPUT"
  case postrouting = "POSTROUTING"

  /// The tables in the order in which a packet meets them there. iptables-nft gives security's chains
  /// another priority than the kernel does.
  func tables(_ backend: Backend) -> [TableName] {
    switch self {
    case .prerouting: [.raw, .mangle, .nat]
    case .input where backend == .nft: [.mangle, .filter, .nat, .security]
    case .input: [.mangle, .filter, .security, .nat]
    case .forward: [.mangle, .filter, .security]
    case .output: [.raw, .mangle, .nat, .filter, .security]
    case .postrouting: [.mangle, .nat]
    }
  }

  /// The name of the built-in chain.
  public var chain: ChainName { ChainName(stringLiteral: rawValue) }
}

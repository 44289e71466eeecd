internal import Netfilter

/// A rule as far as its expressions were taken in.
///
/// What a register is loaded with, and what is compared with it, become one match. Only the last
/// load is remembered, since iptables uses each at once: what else was done with registers, and
/// loads that nothing used, are kept as expressions.
struct RuleBuilder {
  let family: IPFamily
  /// The selectors, in their order, and the extensions.
  private var matches: [Match] = []
  /// Which selectors are among ``matches``: a bit for each ``Selector``.
  private var selectors: UInt8 = 0
  /// The protocol that the rule is restricted to.
  private var ipProtocol: UInt8?
  /// The extension that follows ``matches``, where more of it may come.
  private var transport: TransportMatch?
  /// What was loaded last.
  var content: RegisterContent?
  /// Names of interfaces that were loaded and that nothing has used yet: so iptables stores `-i +`.
  private var idleLoads: [RuleExpression] = []
  private var action: Action?

  /// In the order that they have in a rule.
  enum Selector: UInt8 {
    case source, destination, inputInterface, outputInterface, `protocol`, fragment
  }

  private struct Action {
    let target: Target
    let expression: RuleExpression
    /// What the expression uses.
    let content: RegisterContent?
  }

  init(family: IPFamily) { self.family = family }

  /// The rule, when all is taken in.
  @inline(__always)
  mutating func finish(userData: KernelBytes?) -> DecodedRule {
    flushContent()
    flushTransport()
    if let userData, let comment = RuleComment.text(in: userData) { append(.comment(comment)) }
    return DecodedRule(matches: matches, target: action?.target ?? .none)
  }

  /// Adds a selector at its place; false where the rule has it already, which none of iptables has.
  @inline(__always)
  mutating func add(_ match: Match, as selector: Selector) -> Bool {
    let bit: UInt8 = 1 << selector.rawValue
    guard selectors & bit == 0 else { return false }
    let position = (selectors & (bit - 1)).nonzeroBitCount
    selectors |= bit
    if position == matches.count { append(match) } else { matches.insert(match, at: position) }
    return true
  }

  /// Adds the protocol; false where the rule has one already.
  @inline(__always)
  mutating func add(_ match: ProtocolMatch) -> Bool {
    guard add(.protocol(match), as: .protocol) else { return false }
    if !match.inverted { ipProtocol = match.number }
    return true
  }

  /// Adds an extension.
  @inline(__always)
  mutating func add(_ match: Match) {
    flushTransport()
    append(match)
  }

  /// Makes `change` to the transport match, or to a new one where the last can't take the part any
  /// more; false where the rule isn't restricted to a protocol that has it.
  @inline(__always)
  mutating func addTransport(
    _ part: TransportMatch.Part, _ change: (inout TransportMatch) -> Void
  ) -> Bool {
    if transport?.canTake(part) != true {
      guard let next = TransportMatch(part, of: ipProtocol) else { return false }
      flushTransport()
      transport = next
    }
    guard var changed = transport else { return false }
    change(&changed)
    transport = changed
    return true
  }

  /// Narrows the open range of ports that the last comparison gave; false where there is none.
  mutating func narrowTransport(_ part: TransportMatch.Part, to last: UInt16) -> Bool {
    guard content?.isUsed == true, transport?.last == part, let ports = transport?.ports(part),
      !ports.inverted, ports.last == .max, ports.first <= last
    else { return false }
    transport?.setPorts(part, PortRange(first: ports.first, last: last))
    return true
  }

  /// Sets the target; one that the rule had already is kept as an expression.
  @inline(__always)
  mutating func set(_ target: Target, by expression: RuleExpression, using: RegisterContent? = nil)
  {
    if let action { keep(action) }
    action = Action(target: target, expression: expression, content: using)
  }

  /// Keeps an expression of which nothing is known, and what it may use; as the target where it
  /// does what targets do.
  mutating func keep(_ expression: RuleExpression) {
    for load in idleLoads { add(.unrecognised(load.unrecognised)) }
    idleLoads = []
    if let content, !content.isUsed { keep(content) }
    content = nil
    let unrecognised = expression.unrecognised
    if Self.statements.contains(unrecognised.name) {
      set(.unrecognised(unrecognised), by: expression)
    } else {
      add(.unrecognised(unrecognised))
    }
  }

  /// Forgets what was loaded last; where nothing used it, it is kept as expressions.
  @inline(__always)
  mutating func flushContent() {
    if let content, !content.isUsed {
      if content.isInterfaceName { idleLoads.append(content.load) } else { keep(content) }
    }
    content = nil
  }

  private mutating func keep(_ content: RegisterContent) {
    add(.unrecognised(content.load.unrecognised))
    if let bitwise = content.bitwise { add(.unrecognised(bitwise.unrecognised)) }
  }

  private mutating func keep(_ action: Action) {
    if let content = action.content { keep(content) }
    add(.unrecognised(action.expression.unrecognised))
  }

  @inline(__always)
  private mutating func flushTransport() {
    guard let transport else { return }
    append(transport.match)
    self.transport = nil
  }

  @inline(__always)
  private mutating func append(_ match: Match) {
    // Nearly all rules have fewer.
    if matches.isEmpty { matches.reserveCapacity(8) }
    matches.append(match)
  }

  /// The expressions that do what targets do, and which iptables never writes.
  private static let statements: Set<String> = [
    "DNAT", "dup", "fwd", "log", "masq", "nat", "notrack", "queue", "redir", "reject", "synproxy",
    "tproxy",
  ]
}

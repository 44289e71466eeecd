internal import Netfilter
internal import XTables

/// A rule as far as its expressions were taken in: the lines of its extensions and of its target, and the
/// selectors, which have an order of their own.
///
/// What a register is loaded with, and what is compared with it, become one match. Only the last
/// load is remembered, since iptables uses each at once: what else was done with registers, and
/// loads that nothing used, are kept as expressions.
struct RuleBuilder {
  let family: IPFamily
  let xtables: XTables
  var selectors = RuleSelectors()
  private var extensions: LineWriter
  private var target: LineWriter
  private var line: LineWriter
  /// The extension that follows ``extensions``, where more of it may come.
  private var transport: TransportMatch?
  /// What was loaded last.
  var content: RegisterContent?
  /// Names of interfaces that were loaded and that nothing has used yet: so iptables stores `-i +`.
  private var idleLoads: [RuleExpression] = []
  private var action: Action?

  /// What ``target`` was written of.
  private struct Action {
    let expression: RuleExpression
    /// What the expression uses.
    let content: RegisterContent?
  }

  init(_ family: IPFamily, _ xtables: XTables) {
    self.family = family
    self.xtables = xtables
    extensions = LineWriter(family: family)
    target = LineWriter(family: family)
    line = LineWriter(family: family)
  }

  /// Begins the next rule.
  mutating func removeAll() {
    selectors = RuleSelectors()
    extensions.removeAll()
    target.removeAll()
    transport = nil
    content = nil
    idleLoads.removeAll()
    action = nil
  }

  /// The rule's line, when all is taken in.
  ///
  /// - Parameter comment: That of the rule's user data.
  mutating func finish(comment: KernelBytes?) -> ArraySlice<UInt8> {
    flushContent()
    flushTransport()
    if let comment {
      extensions.option("-m comment --comment")
      comment.withSpan { extensions.quotedWord($0) }
    }
    line.removeAll()
    selectors.write(to: &line)
    line.append(extensions.bytes)
    line.append(target.bytes)
    return line.line
  }

  /// Adds an extension.
  @inline(__always)
  mutating func add(_ write: (inout LineWriter, XTables) -> Void) {
    flushTransport()
    write(&extensions, xtables)
  }

  /// Makes `change` to the transport match, or to a new one where the last can't take the part any
  /// more; false where the rule isn't restricted to a protocol that has it.
  @inline(__always)
  mutating func addTransport(
    _ part: TransportMatch.Part, _ change: (inout TransportMatch) -> Void
  ) -> Bool {
    if transport?.canTake(part) != true {
      guard let next = TransportMatch(part, of: selectors.restrictedProtocol) else { return false }
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
  mutating func set(
    by expression: RuleExpression, using content: RegisterContent? = nil,
    _ write: (inout LineWriter, XTables) -> Void
  ) {
    if let action { keep(action) }
    action = Action(expression: expression, content: content)
    target.removeAll()
    write(&target, xtables)
  }

  /// Keeps an expression of which nothing is known, and what it may use; as the target where it
  /// does what targets do.
  mutating func keep(_ expression: RuleExpression) {
    for load in idleLoads { addUnknown(load) }
    idleLoads = []
    if let content, !content.isUsed { keep(content) }
    content = nil
    if expression.isStatement {
      set(by: expression) { line, _ in line.writeUnknown(.target, expression) }
    } else {
      addUnknown(expression)
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
    addUnknown(content.load)
    if let bitwise = content.bitwise { addUnknown(bitwise) }
  }

  private mutating func keep(_ action: Action) {
    if let content = action.content { keep(content) }
    addUnknown(action.expression)
  }

  private mutating func addUnknown(_ expression: RuleExpression) {
    add { line, _ in line.writeUnknown(.match, expression) }
  }

  @inline(__always)
  private mutating func flushTransport() {
    guard let transport else { return }
    extensions.write(.match, transport.name, info: transport.info, with: xtables)
    self.transport = nil
  }
}

extension LineWriter {
  fileprivate mutating func writeUnknown(_ role: XTables.Role, _ expression: RuleExpression) {
    if expression.translatesDestination {
      // The name of iptables' target that does the same.
      expression.data.withSpan { info in
        XTables.writeUnknown(role, Array("DNAT".utf8).span, revision: 0, info: info, to: &self)
      }
    } else {
      writeUnknown(role, expression.name, info: expression.data)
    }
  }
}

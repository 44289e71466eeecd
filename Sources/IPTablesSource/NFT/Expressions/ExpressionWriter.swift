internal import Netfilter
internal import XTables

/// Writes rules' lines from the expressions that iptables-nft stored.
///
/// A load of a register and the comparison behind it become one match. Only the last load is remembered,
/// because iptables uses each at once. What else was done with registers, loads that nothing used, and
/// expressions that iptables doesn't write are written as unrecognised.
///
/// Never fails: bytes that end too early are a rule that ends there.
struct ExpressionWriter {
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
  /// What ``target`` was written of, and what that uses.
  private var action: (expression: RuleExpression, content: RegisterContent?)?
  /// Whether the rule that was written last translates the destination.
  private(set) var translatesDestination = false

  init(_ family: IPFamily, _ xtables: XTables) {
    self.family = family
    self.xtables = xtables
    extensions = LineWriter(family: family)
    target = LineWriter(family: family)
    line = LineWriter(family: family)
  }

  /// The rule as iptables-save would print it behind `-A CHAIN `.
  ///
  /// - Parameters:
  ///   - expressions: The payload of `NFTA_RULE_EXPRESSIONS`.
  ///   - userData: The payload of `NFTA_RULE_USERDATA`.
  mutating func line(of expressions: KernelBytes, userData: KernelBytes?) -> ArraySlice<UInt8> {
    selectors = RuleSelectors()
    extensions.removeAll()
    target.removeAll()
    idleLoads.removeAll()
    action = nil
    translatesDestination = false
    for element in NetlinkAttributes(expressions) { take(RuleExpression(element.payload)) }
    flushContent()
    flushTransport()
    if let comment = userData.flatMap(Self.comment) {
      extensions.option("-m comment --comment")
      comment.withSpan { extensions.quotedWord($0) }
    }
    line.removeAll()
    selectors.write(to: &line)
    line.append(extensions.bytes)
    line.append(target.bytes)
    return line.line
  }

  @inline(__always)
  private mutating func take(_ expression: RuleExpression) {
    switch expression.kind {
    case .payload:
      guard let loaded = RegisterContent(payload: expression) else {
        return keep(expression)
      }
      flushContent()
      content = loaded
    case .meta: takeMeta(expression)
    case .bitwise:
      if content?.apply(bitwise: expression) != true { keep(expression) }
    case .comparison:
      if !compare(RegisterComparison(comparison: expression.data)) { keep(expression) }
    case .range:
      if !compare(RegisterComparison(range: expression.data)) { keep(expression) }
    case .counter: break
    case .immediate: takeImmediate(expression)
    case .match: takeExtension(expression)
    case .target: translatesDestination = takeExtension(expression)
    case .limit: takeLimit(expression)
    case .log: takeLog(expression)
    case .other: keep(expression)
    }
  }

  /// The comment in a rule's user data, where iptables up to 1.8.2 and nft put it: a list of type,
  /// length and value, with a byte for either of the first. Nil where there is none.
  ///
  /// C counterpart: `struct nftnl_udata`, `UDATA_TYPE_COMMENT`.
  private static func comment(in userData: KernelBytes) -> KernelBytes? {
    var offset = 0
    while let type = userData.load(UInt8.self, at: offset),
      let length = userData.load(UInt8.self, at: offset + 1).map(Int.init)
    {
      if type == 0 { return userData.slice(at: offset + 2, count: length)?.text }
      offset += 2 + length
    }
    return nil
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
    if let action {
      if let content = action.content { keep(content) }
      addUnknown(action.expression)
    }
    action = (expression, content)
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
    // iptables' target that does the same has another name.
    let name = expression.translatesDestination ? Array("DNAT".utf8) : expression.name.text.array
    expression.data.withSpan { info in
      XTables.writeUnknown(role, name.span, revision: 0, info: info, to: &self)
    }
  }
}

/// Of a rule's line, the parts that tell whose the rule is and where it leads.
///
/// Reading one allocates nothing.
public struct RuleOutline: Sendable {
  /// Where the first comment stands in the line; nil where there is none. Quotes and backslashes in it have
  /// a backslash before them.
  public private(set) var comment: Range<Int>?
  /// The number of the IP protocol that the rule is restricted to; nil where there is none, or all but one.
  public private(set) var ipProtocol: UInt8?
  /// `-d`, where given.
  public private(set) var destination: AddressMatch?
  /// `--dport` of the match tcp, udp or sctp, where it is one port.
  public private(set) var destinationPort: UInt16?
  public private(set) var outcome = RuleOutcome.other

  /// - Parameter line: what iptables-save prints behind `-A CHAIN `.
  public init(_ line: Span<UInt8>) {
    var elements = LineElements()
    var owner = 0..<0
    while let element = elements.next(line) {
      switch element.kind {
      case .selector: take(selector: element, line)
      case .match: owner = element.name
      case .option: take(option: element, of: owner, line)
      case .target, .goto:
        outcome = RuleOutcome(element, &elements, line)
        return
      }
    }
  }

  /// Where the first comment of the line stands, as in ``comment``. The line is read no further.
  public static func comment(in line: Span<UInt8>) -> Range<Int>? {
    var elements = LineElements()
    var owner = 0..<0
    while let element = elements.next(line) {
      switch element.kind {
      case .match: owner = element.name
      case .option:
        if line.isText("--comment", element.name), line.isText("comment", owner) {
          return element.value
        }
      case .target, .goto: return nil
      case .selector: break
      }
    }
    return nil
  }

  private mutating func take(selector: LineElement, _ line: Span<UInt8>) {
    switch line[selector.name.upperBound - 1] {
    case UInt8(ascii: "d"):
      destination = AddressMatch(line, selector.value, inverted: selector.isInverted)
    case UInt8(ascii: "p"):
      if !selector.isInverted { ipProtocol = line.protocolNumber(selector.value) }
    default: break
    }
  }

  private mutating func take(option: LineElement, of match: Range<Int>, _ line: Span<UInt8>) {
    if comment == nil, line.isText("--comment", option.name) {
      if line.isText("comment", match) { comment = option.value }
    } else if destinationPort == nil, line.isText("--dport", option.name), !option.isInverted {
      let isTransport =
        line.isText("tcp", match) || line.isText("udp", match) || line.isText("sctp", match)
      if isTransport { destinationPort = line.number(in: option.value) }
    }
  }
}

/// What a rule does with a packet that it matches, as far as it matters to whoever asks whose the
/// rule is.
public enum RuleOutcome: Sendable, Hashable {
  /// A jump or a goto.
  case chain(ChainName)
  case destinationNAT(AddressTranslation)
  /// `DNAT` of which the destination isn't known: of an unknown revision, nf_tables' own `dnat to`, or a text
  /// that an iptables printed that is older than the rule.
  case unknownDestinationNAT
  /// REJECT, or the verdict DROP.
  case blocked
  case other

  /// The chain that the rule leads to, by jump or goto.
  public var chain: ChainName? { if case .chain(let name) = self { name } else { nil } }

  fileprivate init(
    _ target: LineElement, _ elements: inout LineElements, _ line: Span<UInt8>
  ) {
    let name = target.name
    if line.isText("DNAT", name) {
      self =
        AddressTranslation(ofDNAT: &elements, line).map(RuleOutcome.destinationNAT)
        ?? .unknownDestinationNAT
    } else if line.isText("DROP", name) || line.isText("REJECT", name) {
      self = .blocked
    } else if target.kind == .goto || !line.isTargetName(name), elements.next(line) == nil {
      self = ChainName(line, name).map(RuleOutcome.chain) ?? .other
    } else {
      self = .other
    }
  }
}

extension RuleList {
  /// The parts of the rule at `position` that tell whose it is.
  public func outline(at position: Int) -> RuleOutline { RuleOutline(line(at: position).span) }

  /// What the rule at `position` does with a packet that it matches.
  public func outcome(at position: Int) -> RuleOutcome {
    let line = line(at: position)
    return RuleOutcome(endOf: line.span) ?? RuleOutline(line.span).outcome
  }

  /// The chain that the rule at `position` leads to, by jump or goto.
  public func chain(at position: Int) -> ChainName? { outcome(at: position).chain }

  /// Where the destination is translated to by the rule at `position`; nil where it isn't, or to what isn't known.
  public func translation(at position: Int) -> AddressTranslation? {
    if case .destinationNAT(let translation) = outcome(at: position) { translation } else { nil }
  }

  /// The rules that lead to chains, and to which.
  public var jumps: some Sequence<(position: Int, target: ChainName)> {
    indices.lazy.compactMap { position in chain(at: position).map { (position, $0) } }
  }

  /// The position of the first rule that leads to a chain.
  public func firstJump(to target: ChainName) -> Int? {
    indices.first { chain(at: $0) == target }
  }
}

extension RuleOutcome {
  /// Reads the target from the line's end. Nearly all lines end in `-j NAME`, `-g NAME` or
  /// `-j DNAT --to-destination ADDRESS`; nil for all others.
  ///
  /// Only a target can stand there. A text in quotes ends in a quote, and a text without quotes is followed
  /// by an option.
  fileprivate init?(endOf line: Span<UInt8>) {
    guard let last = line.word(before: line.count),
      let option = line.word(before: last.lowerBound - 1)
    else { return nil }
    if line.isText("-j", option) {
      guard !line.isTargetName(last), let chain = ChainName(line, last) else { return nil }
      self = .chain(chain)
    } else if line.isText("-g", option) {
      guard let chain = ChainName(line, last) else { return nil }
      self = .chain(chain)
    } else if line.isText("--to-destination", option) {
      guard let target = line.word(before: option.lowerBound - 1), line.isText("DNAT", target),
        let jump = line.word(before: target.lowerBound - 1), line.isText("-j", jump),
        let translation = AddressTranslation(line, last)
      else { return nil }
      self = .destinationNAT(translation)
    } else {
      return nil
    }
  }
}

extension Span<UInt8> {
  /// The word that ends there; nil where there is none, or a quote is in it.
  fileprivate func word(before end: Int) -> Range<Int>? {
    var start = end
    while start > 0, self[start - 1] != UInt8(ascii: " ") {
      start -= 1
      if self[start] == UInt8(ascii: "\"") { return nil }
    }
    return start < end ? start..<end : nil
  }
}

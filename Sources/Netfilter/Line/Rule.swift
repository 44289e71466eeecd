/// A rule's content, without its counters: the line that iptables-save prints for it.
///
/// Two rules are equal where iptables prints the same for them. The line is that of iptables-legacy
/// 1.8.9, whichever backend or version a rule was read from. It may hold any bytes: whoever writes a
/// comment is not asked for UTF-8.
public struct Rule: Sendable, Hashable {
  /// What stands behind `-A CHAIN `; empty in a rule without conditions and target.
  public let line: ArraySlice<UInt8>

  public init(line: ArraySlice<UInt8>) { self.line = line }

  /// `-A CHAIN …`, byte for byte.
  public func bytes(in chain: ChainName) -> [UInt8] {
    let command = Array("-A ".utf8) + chain.bytes
    return line.isEmpty ? command : command + [UInt8(ascii: " ")] + line
  }

  /// The same as text; bytes that are not UTF-8 are replaced.
  public func text(in chain: ChainName) -> String {
    String(decoding: bytes(in: chain), as: UTF8.self)
  }

  /// The parts that tell whose the rule is and where it leads.
  public var outline: RuleOutline { RuleOutline(line.span) }

  /// `-s`, where given.
  public var source: AddressMatch? {
    var source: AddressMatch?
    forEachElement { element, line, _ in
      guard element.kind == .selector, line.isText("-s", element.name) else { return }
      source = AddressMatch(line, element.value, inverted: element.isInverted)
    }
    return source
  }

  /// The chain that the rule leads to, by jump or goto.
  public var chain: ChainName? { outline.outcome.chain }

  /// Calls `body` with each element, the line, and an owner: where the name of the match or target stands
  /// that an option belongs to.
  public func forEachElement(_ body: (LineElement, Span<UInt8>, Range<Int>) -> Void) {
    let line = line.span
    var elements = LineElements()
    var owner = 0..<0
    while let element = elements.next(line) {
      switch element.kind {
      case .match, .target, .goto: owner = element.name
      case .selector, .option: break
      }
      body(element, line, owner)
    }
  }

  /// The texts of the comments, in their order; kube-proxy names the service port in the first.
  ///
  /// What stands behind the target is no match, and so no comment.
  public var comments: [ByteString] {
    var comments: [ByteString] = []
    var isBehindTarget = false
    forEachElement { element, line, owner in
      if element.kind == .target || element.kind == .goto { isBehindTarget = true }
      guard !isBehindTarget, line.isText("--comment", element.name), line.isText("comment", owner)
      else { return }
      comments.append(ByteString(bytes: line.unescaped(element.value)))
    }
    return comments
  }

  /// The rule without its comments.
  public var withoutComments: Rule {
    var start = 0
    let rule = replacing { element, line, owner in
      let range = start..<element.end
      start = element.end
      let isComment = element.kind != .selector && line.isText("comment", owner)
      return isComment ? (range, []) : nil
    }
    return Rule(line: rule.line.drop { $0 == UInt8(ascii: " ") })
  }

  /// The rule with some of its bytes replaced. For each element `body` returns the range to replace and the
  /// new bytes, or nil.
  public func replacing(
    _ body: (LineElement, Span<UInt8>, Range<Int>) -> (range: Range<Int>, bytes: [UInt8])?
  ) -> Rule {
    var bytes: [UInt8] = []
    var start = line.startIndex
    forEachElement { element, span, owner in
      guard let (range, replacement) = body(element, span, owner) else { return }
      bytes += line[start..<line.startIndex + range.lowerBound] + replacement
      start = line.startIndex + range.upperBound
    }
    return Rule(line: (bytes + line[start...])[...])
  }
}

extension Rule: ExpressibleByStringLiteral {
  /// The rule whose line is the text.
  public init(stringLiteral text: String) { self.init(line: Array(text.utf8)[...]) }
}

extension Span<UInt8> {
  /// The bytes without the backslashes that iptables-save puts before quotes and backslashes.
  fileprivate func unescaped(_ range: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    var position = range.lowerBound
    let isQuoted = range.lowerBound > 0 && self[range.lowerBound - 1] == UInt8(ascii: "\"")
    while position < range.upperBound {
      if isQuoted, self[position] == UInt8(ascii: "\\"), position + 1 < range.upperBound {
        position += 1
      }
      bytes.append(self[position])
      position += 1
    }
    return bytes
  }
}

/// A text in a rule, byte for byte as it is stored: a comment, the name of an interface or a list.
///
/// It holds any bytes but zero, for whoever wrote the rule was not asked for UTF-8.
public struct ByteString: Sendable, Hashable {
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  public init(_ text: String) { self.bytes = Array(text.utf8) }

  /// The bytes as text; bytes that are not UTF-8 are replaced.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The rules of a chain, in order, as one run of bytes: each rule's line, preceded by its length.
///
/// A node may hold 100,000 rules, of which hardly any is looked at between two scrapes: so they take
/// some 105 bytes each.
public struct RuleList: Sendable, Hashable {
  private var bytes: [UInt8] = []
  /// Where each rule's bytes end; empty in a short list, which is walked through as quickly.
  private var ends: [UInt32] = []
  private var ruleCount: UInt32 = 0

  /// Lists of more rules than this know where each one is. Nearly all chains have fewer.
  private static let longestWithoutEnds = 16

  public init() {}

  public init(_ rules: some Sequence<Rule>) {
    for rule in rules { append(line: rule.line) }
    self = trimmed
  }

  /// Appends a rule: what iptables-save prints behind `-A CHAIN `.
  public mutating func append(line: some Collection<UInt8>) {
    let length = line.count
    // Seven bits in each byte, the lowest first; the last byte is below 128.
    var rest = length
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f | 0x80))
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    bytes.append(contentsOf: line)
    ruleCount += 1
    if ends.isEmpty, count > Self.longestWithoutEnds {
      ends = (0..<count - 1).map { UInt32(range(at: $0).upperBound) }
    }
    if !ends.isEmpty { ends.append(UInt32(bytes.count)) }
  }

  /// The line of the rule at `position`.
  public func line(at position: Int) -> ArraySlice<UInt8> { bytes[range(at: position)] }

  /// A copy that has no room for more rules.
  public var trimmed: RuleList {
    var copy = self
    copy.bytes = bytes.trimmed
    copy.ends = ends.trimmed
    return copy
  }

  /// Removes all rules. The memory is kept for others.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    ruleCount = 0
  }

  private func range(at position: Int) -> Range<Int> {
    precondition(position >= 0 && position < count, "no rule \(position) in \(count)")
    if !ends.isEmpty {
      return range(from: position == 0 ? 0 : Int(ends[position - 1]))
    }
    var range = range(from: 0)
    for _ in 0..<position { range = self.range(from: range.upperBound) }
    return range
  }

  /// The line whose length stands at `start`.
  private func range(from start: Int) -> Range<Int> {
    var (position, length, shift) = (start, 0, 0)
    while bytes[position] >= 0x80 {
      length |= Int(bytes[position] & 0x7f) << shift
      position += 1
      shift += 7
    }
    length |= Int(bytes[position]) << shift
    return position + 1..<position + 1 + length
  }
}

extension RuleList: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { Int(ruleCount) }

  public subscript(position: Int) -> Rule { Rule(line: line(at: position)) }
}

extension Array {
  /// A copy that has no room for more.
  fileprivate var trimmed: [Element] {
    var copy: [Element] = []
    copy.reserveCapacity(count)
    copy.append(contentsOf: self)
    return copy
  }
}

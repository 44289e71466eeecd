/// The rules of a chain, in order, packed into one run of bytes.
///
/// A node may hold 100,000 rules, of which hardly any is looked at between two scrapes: packed they
/// take some 70 bytes each, a tenth of what as many ``Rule`` values take. A rule is unpacked when
/// asked for. The packing is canonical, so rules are equal exactly where their packed bytes are.
public struct RuleList: Sendable, Hashable {
  /// Each rule's bytes, preceded by their number.
  private var bytes: [UInt8] = []
  /// Where each rule's bytes end; empty in a short list, which is walked through as quickly.
  private var ends: [UInt32] = []
  private var ruleCount: UInt32 = 0

  /// Lists of more rules than this know where each one is. Nearly all chains have fewer.
  private static let longestWithoutEnds = 16
  /// The bytes to begin with, which hold the one or two rules that most chains have.
  private static let initialCapacity = 160

  public init() {}

  public init(_ rules: some Sequence<Rule>) {
    for rule in rules { append(rule) }
    trim()
  }

  public mutating func append(_ rule: Rule) {
    if bytes.isEmpty { bytes.reserveCapacity(Self.initialCapacity) }
    var writer = ByteWriter()
    swap(&writer.bytes, &bytes)
    writer.writeCounted { writer in
      writer.write(UInt64(rule.matches.count))
      for match in rule.matches { match.encode(into: &writer) }
      rule.target.encode(into: &writer)
    }
    swap(&writer.bytes, &bytes)
    didAppend()
  }

  /// Appends the rule at `position` of another list, without unpacking it.
  public mutating func append(ruleAt position: Int, of other: RuleList) {
    let packed = other.packed(at: position)
    var writer = ByteWriter()
    swap(&writer.bytes, &bytes)
    writer.write(UInt64(packed.count))
    writer.bytes.append(contentsOf: packed)
    swap(&writer.bytes, &bytes)
    didAppend()
  }

  private mutating func didAppend() {
    ruleCount += 1
    if ends.isEmpty, count > Self.longestWithoutEnds {
      ends = (0..<count - 1).map { UInt32(packedRange(at: $0).upperBound) }
    }
    if !ends.isEmpty { ends.append(UInt32(bytes.count)) }
  }

  /// The canonical bytes of the rule at `position`: an identity to compare and hash, nothing to
  /// store elsewhere.
  public func packed(at position: Int) -> ArraySlice<UInt8> { bytes[packedRange(at: position)] }

  /// Gives back what growing has reserved.
  public mutating func trim() {
    if bytes.capacity > bytes.count + bytes.count / 8 + 64 { bytes = bytes.trimmed }
    if ends.capacity > ends.count + ends.count / 8 + 16 { ends = ends.trimmed }
  }

  private func packedRange(at position: Int) -> Range<Int> {
    precondition(position >= 0 && position < count, "no rule \(position) in \(count)")
    if !ends.isEmpty {
      var reader = ByteReader(bytes, at: position == 0 ? 0 : Int(ends[position - 1]))
      _ = reader.integer(Int.self)
      return reader.position..<Int(ends[position])
    }
    var reader = ByteReader(bytes, at: 0)
    for _ in 0..<position { reader.skipBlob() }
    let length: Int = reader.integer()
    return reader.position..<reader.position + length
  }
}

extension RuleList: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { Int(ruleCount) }

  public subscript(position: Int) -> Rule {
    var reader = ByteReader(bytes, at: packedRange(at: position).lowerBound)
    let count: Int = reader.integer()
    var matches: [Match] = []
    matches.reserveCapacity(count)
    for _ in 0..<count { matches.append(Match(from: &reader)) }
    return Rule(matches: matches, target: Target(from: &reader))
  }
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

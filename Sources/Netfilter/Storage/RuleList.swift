/// The rules of a chain, in order, packed into one run of bytes.
///
/// A node may hold 100,000 rules, of which hardly any is looked at between two scrapes: packed they
/// take some 70 bytes each, a tenth of what as many ``Rule`` values take. A rule is unpacked when
/// asked for. The packing is canonical, so rules are equal exactly where their packed bytes are.
public struct RuleList: Sendable, Hashable {
  private var bytes: [UInt8]
  /// Where each rule's bytes end.
  private var ends: [UInt32]

  public init() {
    bytes = []
    ends = []
  }

  public init(_ rules: some Sequence<Rule>) {
    self.init()
    for rule in rules { append(rule) }
    trim()
  }

  public mutating func append(_ rule: Rule) {
    var writer = ByteWriter()
    writer.write(UInt64(rule.matches.count))
    for match in rule.matches { match.encode(into: &writer) }
    rule.target.encode(into: &writer)
    append(packed: writer.bytes)
  }

  /// Appends the rule at `position` of another list, without unpacking it.
  public mutating func append(ruleAt position: Int, of other: RuleList) {
    append(packed: other.packed(at: position))
  }

  private mutating func append(packed: some Collection<UInt8>) {
    bytes.append(contentsOf: packed)
    ends.append(UInt32(bytes.count))
  }

  /// The canonical bytes of the rule at `position`: an identity to compare and hash, nothing to
  /// store elsewhere.
  public func packed(at position: Int) -> ArraySlice<UInt8> {
    bytes[start(of: position)..<Int(ends[position])]
  }

  /// Gives back what growing has reserved.
  public mutating func trim() {
    if bytes.capacity > bytes.count + bytes.count / 8 + 64 { bytes = bytes.map { $0 } }
    if ends.capacity > ends.count + ends.count / 8 + 16 { ends = ends.map { $0 } }
  }

  private func start(of position: Int) -> Int { position == 0 ? 0 : Int(ends[position - 1]) }
}

extension RuleList: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { ends.count }

  public subscript(position: Int) -> Rule {
    var reader = ByteReader(bytes, at: start(of: position))
    let count: Int = reader.integer()
    var matches: [Match] = []
    matches.reserveCapacity(count)
    for _ in 0..<count { matches.append(Match(from: &reader)) }
    return Rule(matches: matches, target: Target(from: &reader))
  }
}

extension RuleList {
  /// Of a packed rule, the parts that tell whose it is and where it leads.
  ///
  /// Reading one allocates nothing: of the other parts no more than their length is looked at. Each
  /// part is what ``Rule`` has under the same name.
  public struct Outline: Sendable {
    /// Where the first comment's bytes stand in the packed rule; nil where there is no comment.
    public private(set) var comment: Range<Int>?
    public private(set) var ipProtocol: ProtocolMatch?
    public private(set) var destination: AddressMatch?
    public private(set) var destinationPort: UInt16?
    public let outcome: Outcome

    /// - Parameter packed: the bytes of ``RuleList/packed(at:)``.
    public init(_ packed: Span<UInt8>) {
      var reader = PackedReader()
      for _ in 0..<reader.integer(packed) {
        switch PackedMatch(rawValue: reader.byte(packed)) {
        case .destination where destination == nil:
          destination = AddressMatch(
            address: reader.address(packed), mask: reader.address(packed),
            inverted: reader.byte(packed) != 0)
        case .protocol where ipProtocol == nil:
          let number = reader.byte(packed)
          if reader.byte(packed) == 0 { ipProtocol = ProtocolMatch(number: number) }
        case .comment where comment == nil: comment = reader.blob(packed)
        case .tcp where destinationPort == nil:
          reader.skipInteger(packed)
          destinationPort = reader.ports(packed).single
          reader.position += PackedMatch.tcpRest
        case .udp where destinationPort == nil, .sctp where destinationPort == nil:
          reader.skipInteger(packed)
          destinationPort = reader.ports(packed).single
        case let other: reader.skip(other, packed)
        }
      }
      outcome = reader.outcome(packed)
    }
  }

  /// What a rule does with a packet that it matches, as far as it matters to whoever asks whose the
  /// rule is.
  public enum Outcome: Sendable, Hashable {
    /// A jump or a goto.
    case chain(ChainName)
    case destinationNAT(AddressTranslation)
    /// REJECT, or the verdict DROP.
    case blocked
    case other
  }

  /// What the rule at `position` does with a packet that it matches.
  public func outcome(at position: Int) -> Outcome {
    let packed = packed(at: position)
    let bytes = packed.span
    var reader = PackedReader()
    for _ in 0..<reader.integer(bytes) {
      reader.skip(PackedMatch(rawValue: reader.byte(bytes)), bytes)
    }
    return reader.outcome(bytes)
  }
}

extension Match {
  /// Appends a tag and the payload; ``init(from:)`` reads them back.
  func encode(into writer: inout ByteWriter) {
    writer.write(tag.rawValue)
    switch self {
    case .source(let match), .destination(let match): match.encode(into: &writer)
    case .inputInterface(let match), .outputInterface(let match): match.encode(into: &writer)
    case .protocol(let match):
      writer.write(match.number)
      writer.write(match.inverted)
    case .fragment(let inverted): writer.write(inverted)
    case .addressType(let match): match.encode(into: &writer)
    case .comment(let comment): writer.write(comment)
    case .connectionTracking(let match): match.encode(into: &writer)
    case .limit(let match):
      writer.write(match.average)
      writer.write(match.burst)
    case .mark(let match):
      writer.write(match.value)
      writer.write(match.mask)
      writer.write(match.inverted)
    case .multiport(let match): match.encode(into: &writer)
    case .accounting(let name): writer.write(name)
    case .recent(let match): match.encode(into: &writer)
    case .sctp(let match):
      writer.write(match.source)
      writer.write(match.destination)
    case .statistic(let match): match.encode(into: &writer)
    case .tcp(let match): match.encode(into: &writer)
    case .udp(let match):
      writer.write(match.source)
      writer.write(match.destination)
    case .unrecognised(let match): writer.write(match)
    }
  }

  init(from reader: inout ByteReader) {
    // The bytes are this module's own, so an unknown tag can't stand here.
    switch Tag(rawValue: reader.byte()) ?? .unrecognised {
    case .source: self = .source(AddressMatch(from: &reader))
    case .destination: self = .destination(AddressMatch(from: &reader))
    case .inputInterface: self = .inputInterface(InterfaceMatch(from: &reader))
    case .outputInterface: self = .outputInterface(InterfaceMatch(from: &reader))
    case .protocol:
      self = .protocol(ProtocolMatch(number: reader.byte(), inverted: reader.flag()))
    case .fragment: self = .fragment(inverted: reader.flag())
    case .addressType: self = .addressType(AddressTypeMatch(from: &reader))
    case .comment: self = .comment(reader.comment())
    case .connectionTracking: self = .connectionTracking(ConnectionTrackingMatch(from: &reader))
    case .limit: self = .limit(LimitMatch(average: reader.integer(), burst: reader.integer()))
    case .mark:
      self = .mark(
        MarkMatch(value: reader.integer(), mask: reader.integer(), inverted: reader.flag()))
    case .multiport: self = .multiport(MultiportMatch(from: &reader))
    case .accounting: self = .accounting(objectName: reader.comment())
    case .recent: self = .recent(RecentMatch(from: &reader))
    case .sctp: self = .sctp(SCTPMatch(source: reader.ports(), destination: reader.ports()))
    case .statistic: self = .statistic(StatisticMatch(from: &reader))
    case .tcp: self = .tcp(TCPMatch(from: &reader))
    case .udp: self = .udp(UDPMatch(source: reader.ports(), destination: reader.ports()))
    case .unrecognised: self = .unrecognised(reader.unrecognised())
    }
  }

  private enum Tag: UInt8 {
    case source, destination, inputInterface, outputInterface, `protocol`, fragment
    case addressType, comment, connectionTracking, limit, mark, multiport, accounting, recent
    case sctp, statistic, tcp, udp, unrecognised
  }

  private var tag: Tag {
    switch self {
    case .source: .source
    case .destination: .destination
    case .inputInterface: .inputInterface
    case .outputInterface: .outputInterface
    case .protocol: .protocol
    case .fragment: .fragment
    case .addressType: .addressType
    case .comment: .comment
    case .connectionTracking: .connectionTracking
    case .limit: .limit
    case .mark: .mark
    case .multiport: .multiport
    case .accounting: .accounting
    case .recent: .recent
    case .sctp: .sctp
    case .statistic: .statistic
    case .tcp: .tcp
    case .udp: .udp
    case .unrecognised: .unrecognised
    }
  }
}

/// One condition of a rule, as iptables knows it: the built-in selectors and the match extensions.
///
/// The built-in selectors stand first in a rule, in the order of these cases, each at most once and
/// only where it restricts something; the extensions follow in the order in which they are stored.
public indirect enum Match: Sendable, Hashable {
  case source(AddressMatch)
  case destination(AddressMatch)
  case inputInterface(InterfaceMatch)
  case outputInterface(InterfaceMatch)
  case `protocol`(ProtocolMatch)
  /// IPv4's `-f`: second and further fragments, or, inverted, all others.
  case fragment(inverted: Bool)

  case addressType(AddressTypeMatch)
  case comment(Comment)
  case connectionTracking(ConnectionTrackingMatch)
  case limit(LimitMatch)
  case mark(MarkMatch)
  case multiport(MultiportMatch)
  case accounting(objectName: Comment)
  case recent(RecentMatch)
  case sctp(SCTPMatch)
  case statistic(StatisticMatch)
  case tcp(TCPMatch)
  case udp(UDPMatch)
  case unrecognised(Unrecognised)
}

/// An extension that this library doesn't decode: still counted, compared and attributed.
public struct Unrecognised: Sendable, Hashable {
  /// The extension's name, such as `hashlimit`.
  public let name: String
  /// The extension's revision; 0 where the source doesn't tell.
  public let revision: UInt8
  /// What the source holds of it: the kernel's bytes, or the option text of a saved file.
  public let payload: [UInt8]

  public init(name: String, revision: UInt8 = 0, payload: [UInt8]) {
    self.name = name
    self.revision = revision
    self.payload = payload
  }

  /// The payload's size in bytes.
  public var size: Int { payload.count }
}

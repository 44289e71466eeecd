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
  case comment(ByteString)
  case connectionTracking(ConnectionTrackingMatch)
  case limit(LimitMatch)
  case mark(MarkMatch)
  case multiport(MultiportMatch)
  case accounting(objectName: ByteString)
  case recent(RecentMatch)
  case sctp(SCTPMatch)
  case statistic(StatisticMatch)
  case tcp(TCPMatch)
  case udp(UDPMatch)
  case unrecognised(Unrecognised)
}

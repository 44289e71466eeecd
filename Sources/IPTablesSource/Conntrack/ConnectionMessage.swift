private import CNFTables
internal import Netfilter

extension TranslatedConnection {
  /// `IPS_DST_NAT`: the destination was translated.
  static let translatedStatus = UInt32(IPS_DST_NAT.rawValue)

  /// Reads a message of an entry; nil where its destination wasn't translated, or its protocol has no ports.
  ///
  /// The attributes are asked for in the order in which the kernel writes them.
  init?(_ message: NetlinkMessage) {
    guard let family = IPFamily(netlinkNumber: message.family) else { return nil }
    var attributes = message.attributes
    guard let original = attributes.payload(of: CTA_TUPLE_ORIG),
      let reply = attributes.payload(of: CTA_TUPLE_REPLY),
      let status: UInt32 = attributes.number(of: CTA_STATUS),
      status & Self.translatedStatus != 0,
      let asked = Tuple(original, family), let answer = Tuple(reply, family)
    else { return nil }
    self.init(
      ipProtocol: asked.ipProtocol, client: asked.source, clientPort: asked.sourcePort,
      destination: asked.destination, destinationPort: asked.destinationPort,
      endpoint: answer.source, endpointPort: answer.sourcePort,
      isReplied: status & UInt32(IPS_SEEN_REPLY.rawValue) != 0,
      timeout: attributes.number(of: CTA_TIMEOUT) ?? 0,
      packets: Packets(
        attributes.payload(of: CTA_COUNTERS_ORIG), attributes.payload(of: CTA_COUNTERS_REPLY)))
  }

  /// Addresses and ports of one direction.
  private struct Tuple {
    let source: IPAddress
    let destination: IPAddress
    let ipProtocol: UInt8
    let sourcePort: UInt16
    let destinationPort: UInt16

    init?(_ bytes: KernelBytes, _ family: IPFamily) {
      var attributes = NetlinkAttributes(bytes)
      guard let addresses = attributes.payload(of: CTA_TUPLE_IP),
        let transport = attributes.payload(of: CTA_TUPLE_PROTO)
      else { return nil }
      var (ip, ports) = (NetlinkAttributes(addresses), NetlinkAttributes(transport))
      let isIPv4 = family == .ipv4
      guard
        let source = ip.payload(of: isIPv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC)?.address(family, at: 0),
        let destination = ip.payload(of: isIPv4 ? CTA_IP_V4_DST : CTA_IP_V6_DST)?
          .address(family, at: 0),
        let number = ports.payload(of: CTA_PROTO_NUM)?.load(UInt8.self),
        let sourcePort: UInt16 = ports.number(of: CTA_PROTO_SRC_PORT),
        let destinationPort: UInt16 = ports.number(of: CTA_PROTO_DST_PORT)
      else { return nil }
      self.source = source
      self.destination = destination
      ipProtocol = number
      self.sourcePort = sourcePort
      self.destinationPort = destinationPort
    }
  }
}

extension TranslatedConnection.Packets {
  fileprivate init?(_ original: KernelBytes?, _ reply: KernelBytes?) {
    guard let original, let reply else { return nil }
    var (mine, theirs) = (NetlinkAttributes(original), NetlinkAttributes(reply))
    guard let sent: UInt64 = mine.number(of: CTA_COUNTERS_PACKETS),
      let answered: UInt64 = theirs.number(of: CTA_COUNTERS_PACKETS)
    else { return nil }
    self.init(sent: sent, answered: answered)
  }
}

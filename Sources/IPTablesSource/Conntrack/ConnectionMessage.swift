private import CNFTables
internal import Netfilter

extension TranslatedConnection {
  /// `IPS_DST_NAT`: the destination was translated.
  static let translatedStatus = UInt32(IPS_DST_NAT.rawValue)

  /// Reads a message of an entry; nil where its destination wasn't translated, or its protocol has no ports.
  ///
  /// Nil as well for an entry of another zone than that of packets which no rule gave one: programs such as
  /// Open vSwitch translate there by rules of their own.
  init?(_ message: NetlinkMessage) {
    guard let family = IPFamily(netlinkNumber: message.family) else { return nil }
    var parts = Parts()
    // One walk: what isn't there must not be looked for.
    for attribute in message.attributes { parts.take(attribute) }
    guard !parts.hasZone, parts.status & Self.translatedStatus != 0,
      let asked = Tuple(parts.original, family),
      let answer = Tuple(parts.reply, family)
    else { return nil }
    self.init(
      ipProtocol: asked.ipProtocol, client: asked.source, clientPort: asked.sourcePort,
      destination: asked.destination, destinationPort: asked.destinationPort,
      endpoint: answer.source, endpointPort: answer.sourcePort,
      isReplied: parts.status & UInt32(IPS_SEEN_REPLY.rawValue) != 0, timeout: parts.timeout,
      packets: Packets(parts.sent, parts.answered), tcp: parts.protocolState.flatMap(TCP.init))
  }

  /// The attributes of an entry.
  private struct Parts {
    var original: KernelBytes?
    var reply: KernelBytes?
    var status: UInt32 = 0
    var timeout: UInt32?
    var protocolState: KernelBytes?
    var sent: KernelBytes?
    var answered: KernelBytes?
    var hasZone = false

    @inline(__always)
    mutating func take(_ attribute: NetlinkAttributes.Attribute) {
      switch UInt32(truncatingIfNeeded: attribute.type) {
      case CTA_TUPLE_ORIG.rawValue: original = attribute.payload
      case CTA_TUPLE_REPLY.rawValue: reply = attribute.payload
      case CTA_STATUS.rawValue: status = attribute.payload.loadBigEndian(at: 0) ?? 0
      case CTA_TIMEOUT.rawValue: timeout = attribute.payload.loadBigEndian(at: 0)
      case CTA_PROTOINFO.rawValue: protocolState = attribute.payload
      case CTA_COUNTERS_ORIG.rawValue: sent = attribute.payload
      case CTA_COUNTERS_REPLY.rawValue: answered = attribute.payload
      case CTA_ZONE.rawValue: hasZone = true
      default: break
      }
    }
  }

  /// Addresses and ports of one direction.
  private struct Tuple {
    let source: IPAddress
    let destination: IPAddress
    let ipProtocol: UInt8
    let sourcePort: UInt16
    let destinationPort: UInt16

    init?(_ bytes: KernelBytes?, _ family: IPFamily) {
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

extension TranslatedConnection.TCP {
  fileprivate init?(_ bytes: KernelBytes) {
    var attributes = NetlinkAttributes(bytes)
    guard let tcp = attributes.payload(of: CTA_PROTOINFO_TCP) else { return nil }
    var parts = NetlinkAttributes(tcp)
    guard let state = parts.payload(of: CTA_PROTOINFO_TCP_STATE)?.load(UInt8.self),
      // `struct nf_ct_tcp_flags`: flags and mask.
      let flags = parts.payload(of: CTA_PROTOINFO_TCP_FLAGS_ORIGINAL)?.load(UInt8.self)
    else { return nil }
    self.init(
      isClosing: (TCP_CONNTRACK_FIN_WAIT.rawValue...TCP_CONNTRACK_CLOSE.rawValue)
        .contains(UInt32(state)),
      isUnacknowledged: flags & UInt8(IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED) != 0)
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

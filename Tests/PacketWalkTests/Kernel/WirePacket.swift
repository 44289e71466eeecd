import Netfilter
import PacketWalk

/// A packet's bytes from IP's header on.
enum WirePacket {
  /// The first packet of a connection: a TCP SYN, an SCTP INIT, an ICMP echo request, or a datagram.
  ///
  /// - Parameter serial: The identifier of an echo request.
  static func bytes(_ packet: Packet, serial: UInt16) -> [UInt8] {
    var payload = transport(packet, serial)
    if let position = checksumPosition(packet) {
      let sum = checksum(pseudoHeader(packet, length: payload.count) + payload)
      payload.replaceSubrange(position..<position + 2, with: big(sum == 0 ? 0xffff : sum))
    }
    return header(packet, length: payload.count) + payload
  }

  /// What a TCP packet of no connection has set: RST.
  private static let reset: UInt8 = 0x04
  private static let synchronize: UInt8 = 0x02

  private static func transport(_ packet: Packet, _ serial: UInt16) -> [UInt8] {
    let ports = big(packet.sourcePort ?? 0) + big(packet.destinationPort ?? 0)
    switch packet.ipProtocol {
    case 6:
      let flags = packet.connection == .invalid ? reset : synchronize
      return ports + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0x20, 0, 0, 0, 0, 0]
    case 17: return ports + big(UInt16(12)) + [0, 0] + Array("walk".utf8)
    // An INIT with a tag, a window, one stream each way, and a first sequence number. (Nobody checks
    // the checksum, which is Castagnoli's.)
    case 132:
      return ports + [0, 0, 0, 0, 0, 0, 0, 0]
        + [1, 0, 0, 20, 0, 0, 0, 1, 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1]
    case 1: return [8, 0, 0, 0] + big(serial) + [0, 1]
    case 58: return [128, 0, 0, 0] + big(serial) + [0, 1]
    // GRE of the first version, or whatever else zeros are.
    default: return Array(repeating: 0, count: 16)
    }
  }

  private static func checksumPosition(_ packet: Packet) -> Int? {
    switch packet.ipProtocol {
    case 6: 16
    case 17: 6
    case 1, 58: 2
    default: nil
    }
  }

  /// What a checksum covers besides: nothing in ICMP of IPv4.
  private static func pseudoHeader(_ packet: Packet, length: Int) -> [UInt8] {
    if packet.ipProtocol == 1 { return [] }
    return packet.source.networkOrder + packet.destination.networkOrder
      + big(UInt16(length)) + [0, packet.ipProtocol]
  }

  private static func header(_ packet: Packet, length: Int) -> [UInt8] {
    let addresses = packet.source.networkOrder + packet.destination.networkOrder
    switch packet.family {
    case .ipv4:
      var header =
        [0x45, 0] + big(UInt16(20 + length)) + [0, 1, 0x40, 0, 64, packet.ipProtocol, 0, 0]
        + addresses
      header.replaceSubrange(10..<12, with: big(checksum(header)))
      return header
    case .ipv6:
      return [0x60, 0, 0, 0] + big(UInt16(length)) + [packet.ipProtocol, 64] + addresses
    }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count, by: 2) {
      let low = index + 1 < bytes.count ? bytes[index + 1] : 0
      sum += UInt32(bytes[index]) << 8 | UInt32(low)
    }
    while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
    return ~UInt16(sum)
  }

  private static func big(_ number: UInt16) -> [UInt8] {
    [UInt8(number >> 8), UInt8(number & 0xff)]
  }
}

/// Where a packet came out of the node's rules, and as what.
struct Arrival: Hashable {
  /// The interface by which it left; nil where the node itself got it.
  let interface: String?
  let source: IPAddress
  let destination: IPAddress
  let ipProtocol: UInt8
  /// Of TCP, UDP and SCTP.
  var sourcePort: UInt16?
  var destinationPort: UInt16?
}

extension Arrival {
  /// - Parameter bytes: From IP's header on.
  init?(_ bytes: [UInt8], by interface: String?) {
    guard let first = bytes.first else { return nil }
    if first >> 4 == 4, bytes.count >= 20 {
      let payload = bytes.dropFirst(Int(first & 0xf) * 4)
      self.init(
        payload, bytes[9], IPAddress(networkOrder: bytes[12..<16]),
        IPAddress(networkOrder: bytes[16..<20]), by: interface)
    } else if first >> 4 == 6, bytes.count >= 40 {
      self.init(
        bytes.dropFirst(40), bytes[6], IPAddress(networkOrder: bytes[8..<24]),
        IPAddress(networkOrder: bytes[24..<40]), by: interface)
    } else {
      return nil
    }
  }

  init(
    _ payload: ArraySlice<UInt8>, _ ipProtocol: UInt8, _ source: IPAddress,
    _ destination: IPAddress, by interface: String?
  ) {
    self.interface = interface
    self.source = source
    self.destination = destination
    self.ipProtocol = ipProtocol
    guard [6, 17, 132].contains(ipProtocol), payload.count >= 4 else { return }
    let numbers = payload.prefix(4).map(UInt16.init)
    sourcePort = numbers[0] << 8 | numbers[1]
    destinationPort = numbers[2] << 8 | numbers[3]
  }
}

extension Arrival: CustomStringConvertible {
  var description: String {
    let ports = "\(sourcePort.map { "\($0)" } ?? "-") to \(destinationPort.map { "\($0)" } ?? "-")"
    return "\(interface ?? "here"): protocol \(ipProtocol), \(source) to \(destination), \(ports)"
  }
}

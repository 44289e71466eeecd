internal import Netfilter
private import Platform

/// The 16 characters at the end of a service chain's name: what proves for whom it was made.
///
/// The first 80 bits of a SHA-256, in base 32. kube-proxy counterparts: `portProtoHash`,
/// `servicePortEndpointChainName`.
public struct ChainHash: Sendable, Hashable {
  /// The first 64 bits.
  let high: UInt64
  /// The last 16.
  let low: UInt16

  /// The hash in a chain's name; nil where the rest of the name isn't 16 characters of base 32.
  init?(_ name: ChainName, after prefix: ChainName) {
    let start = prefix.count
    guard name.count == start + 16 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for index in 0..<16 {
      guard let digit = Self.digit(name.byte(at: start + index)) else { return nil }
      // 80 bits: the first 12 characters are the upper 60, the last 4 the lower 20.
      if index < 12 { high = high << 5 | UInt64(digit) } else { low = low << 5 | UInt64(digit) }
    }
    self.high = high << 4 | low >> 16
    self.low = UInt16(truncatingIfNeeded: low)
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "2")...UInt8(ascii: "7"): character - UInt8(ascii: "2") + 26
    default: nil
    }
  }

  /// The hash of a service port's chains.
  ///
  /// - Parameter literal: the name as kube-proxy wrote it, `namespace/name:port`.
  /// kube-proxy counterpart: `servicePortPolicyClusterChain` and its siblings.
  init(servicePort literal: [UInt8], _ transport: TransportProtocol) {
    self.init(hashing: literal + Array(transport.chainNameText.utf8))
  }

  /// The hash of what kube-proxy makes a chain's name of: for an endpoint's chain a service port's name,
  /// its protocol, and `ip:port` or `[ip]:port`.
  ///
  /// kube-proxy counterpart: `servicePortEndpointChainName`.
  init(hashing bytes: [UInt8]) {
    var high: UInt64 = 0
    var low: UInt16 = 0
    for (index, byte) in SHA256.digest(of: bytes).prefix(10).enumerated() {
      if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt16(byte) }
    }
    self.high = high
    self.low = low
  }
}

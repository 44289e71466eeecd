internal import Netfilter

/// What kube-proxy's comment on a rule says: the service port's name and, after a space, the purpose.
///
/// The name is a claim that whoever wrote the rule made; a chain's hash proves it or not.
struct ServicePortComment: Hashable {
  enum Purpose: Hashable {
    /// `cluster IP`, `external IP`, `loadbalancer IP`, an endpoint, or nothing.
    case dispatch
    /// `has no endpoints`.
    case noEndpoints
    /// `has no local endpoints`.
    case noLocalEndpoints
    /// `health check node port`.
    case healthCheck
    /// `traffic not accepted by KUBE-FW-…`.
    case notAccepted(by: ChainName)
    case other
  }

  /// The name as it stands, which is what went into the hash: up to version 1.19 an unnamed port's
  /// ends in a colon.
  let literal: [UInt8]
  let purpose: Purpose

  /// Why traffic is kept out, if the comment says so.
  var blockReason: BlockReason? {
    switch purpose {
    case .noEndpoints: .noEndpoints
    case .noLocalEndpoints: .noLocalEndpoints
    default: nil
    }
  }

  /// Takes a comment apart; nil where it doesn't begin with a service port's name.
  init?(_ comment: ByteString) {
    let bytes = comment.bytes
    let end = bytes.firstIndex(of: UInt8(ascii: " ")) ?? bytes.count
    let literal = bytes[..<end]
    guard let slash = literal.firstIndex(of: UInt8(ascii: "/")), slash > 0,
      slash < literal.count - 1, literal.allSatisfy(Self.isNameByte),
      literal[(slash + 1)...].allSatisfy({ $0 != UInt8(ascii: "/") })
    else { return nil }
    self.literal = Array(literal)
    self.purpose = Self.purpose(of: bytes[end...].dropFirst())
  }

  /// The service port of the name; nil where a part that must not be empty is.
  func servicePort(_ transport: TransportProtocol) -> ServicePort? {
    guard let slash = literal.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    let rest = literal[(slash + 1)...]
    let colon = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
    guard colon > rest.startIndex else { return nil }
    return ServicePort(
      namespace: String(decoding: literal[..<slash], as: UTF8.self),
      name: String(decoding: rest[..<colon], as: UTF8.self),
      port: String(decoding: rest[colon...].dropFirst(), as: UTF8.self), transport: transport)
  }

  /// The bytes of Kubernetes' names, and the two that separate them.
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"): true
    default: false
    }
  }

  private static func purpose(of text: ArraySlice<UInt8>) -> Purpose {
    if text.isEmpty || text.last == UInt8(ascii: "P") || text.first == UInt8(ascii: "-") {
      return .dispatch
    }
    let words = String(decoding: text, as: UTF8.self)
    switch words {
    case "has no endpoints": return .noEndpoints
    case "has no local endpoints": return .noLocalEndpoints
    case "health check node port": return .healthCheck
    default: break
    }
    let prefix = "traffic not accepted by "
    if words.hasPrefix(prefix), let chain = ChainName(words.dropFirst(prefix.count)) {
      return .notAccepted(by: chain)
    }
    return .other
  }
}

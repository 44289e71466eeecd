@testable import KubeProxy
import Netfilter

/// A rule's comment, and a chain's name.
enum CommentDomain {
  static func check(_ bytes: [UInt8]) {
    checkComment(bytes)
    guard let name = ChainName(bytes) else { return }
    require(name.bytes == bytes, "a chain's name keeps its bytes")
    require(name.count == bytes.count, "a chain's name knows its length")
    _ = ChainRole(name)
    for isBuiltIn in [false, true] {
      let kind = ChainKind.of(name, isBuiltIn: isBuiltIn)
      require(kind.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "a kind is a plain word")
    }
  }

  private static func checkComment(_ bytes: [UInt8]) {
    guard let comment = ServicePortComment(bytes.span) else { return }
    require(bytes.starts(with: comment.literal), "a comment begins with the service port's name")
    for transport in TransportProtocol.allCases {
      _ = ChainHash(servicePort: comment.literal, transport)
      guard let port = comment.servicePort(transport) else { continue }
      let colon = comment.endsInColon(port) ? ":" : ""
      require(
        Array((port.description + colon).utf8) == comment.literal,
        "a service port's name is what the comment says")
    }
  }
}

import NIOCore
import NIOSSL

/// The names of which a client's certificate must have one.
///
/// All kinds of names are looked at (DNS, IP address, e-mail, URI), and compared as they are written.
///
/// Counterpart: exporter-toolkit's `VerifyPeerCertificate`.
struct ClientNames: Sendable {
  private let names: Set<String>

  /// Creates the set of some names; `nil` of none.
  init?(_ names: [String]) {
    if names.isEmpty { return nil }
    self.names = Set(names)
  }

  /// Whether the certificate has one of the names.
  func include(oneOf certificate: NIOSSLCertificate) -> Bool {
    certificate._subjectAlternativeNames().contains { name in
      Self.text(of: name).map(names.contains) ?? false
    }
  }

  private static func text(of name: _SubjectAlternativeName) -> String? {
    switch name.nameType {
    case .dnsName, .email, .uri:
      return String(validating: name.contents, as: UTF8.self)
    case .ipAddress:
      let bytes = ByteBuffer(bytes: name.contents)
      return try? SocketAddress(packedIPAddress: bytes, port: 0).ipAddress
    default:
      return nil
    }
  }
}

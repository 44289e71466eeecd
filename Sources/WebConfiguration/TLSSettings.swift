/// How the server does TLS.
///
/// Counterpart: exporter-toolkit's `TLSConfig`.
public struct TLSSettings: Sendable {
  /// Where certificates or a key come from, in PEM.
  public enum Source: Sendable, Hashable {
    /// The configuration itself.
    case inline([UInt8])
    /// A file; a relative path is relative to the configuration's directory.
    case file(path: String)
  }

  /// The server's certificate, and those that lead from it to its authority.
  public let certificate: Positioned<Source>

  /// The certificate's private key.
  public let key: Positioned<Source>

  /// What is asked of clients.
  public let clientAuthentication: ClientAuthentication

  /// The certificates of the authorities of clients; where none is given, those
  /// that the system trusts.
  public let clientAuthority: Positioned<Source>?

  /// Of these names, of any kind, a client must have one in its certificate; empty where any
  /// client will do. They are of no effect where clients are not asked for a certificate.
  public let allowedClientNames: [String]

  /// The oldest version of TLS a client may use.
  public let minVersion: TLSProtocolVersion

  /// The newest version of TLS a client may use.
  public let maxVersion: TLSProtocolVersion

  /// The cipher suites on offer up to TLS 1.2; empty for all.
  public let cipherSuites: [CipherSuite]

  /// The groups on offer for the key exchange; empty for the default.
  public let groups: [KeyExchangeGroup]

  /// The files it takes.
  public var files: [String] {
    [certificate, key, clientAuthority].compactMap { source in
      if case .file(let path) = source?.value { path } else { nil }
    }
  }
}

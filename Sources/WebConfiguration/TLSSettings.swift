/// How the server encrypts connections.
///
/// Counterpart: exporter-toolkit's `TLSConfig`.
public struct TLSSettings: Sendable {
  /// The place of certificates or a key, in PEM.
  public enum Source: Sendable, Hashable {
    /// The configuration itself.
    case inline([UInt8])
    /// A file, whose path is already joined with the configuration's directory.
    case file(path: String)
  }

  /// The server's certificate, followed by its chain up to the authority.
  public let certificate: Positioned<Source>

  /// The certificate's private key.
  public let key: Positioned<Source>

  /// Whether clients need a certificate.
  public let clientAuthentication: ClientAuthentication

  /// The certificates of the authorities of clients; `nil` for those that the system trusts.
  public let clientAuthority: Positioned<Source>?

  /// The names of which a client's certificate must have one, of any kind; empty if all names are
  /// allowed. They have no effect if clients are not asked for a certificate.
  public let allowedClientNames: [String]

  /// The oldest version of TLS a client may use.
  public let minVersion: TLSProtocolVersion

  /// The newest version of TLS a client may use.
  public let maxVersion: TLSProtocolVersion

  /// The cipher suites that are offered up to TLS 1.2; empty for all.
  public let cipherSuites: [CipherSuite]

  /// The groups that are offered for the key exchange; empty for the default.
  public let groups: [KeyExchangeGroup]

  /// The files that it names.
  public var files: [String] {
    [certificate, key, clientAuthority].compactMap { source in
      if case .file(let path) = source?.value { path } else { nil }
    }
  }
}

extension TLSSettings {
  private static let keys = [
    "cert", "key", "client_ca", "cert_file", "key_file", "client_ca_file", "client_auth_type",
    "client_allowed_sans", "min_version", "max_version", "cipher_suites",
    "prefer_server_cipher_suites", "curve_preferences",
  ]

  /// Reads `tls_server_config`; `nil` if it is empty, which means plain HTTP.
  ///
  /// - Throws: ``TextFault`` if it is impossible or contradictory, or lacks a certificate.
  static func parse(
    _ node: YAMLNode?, relativeTo directory: String
  ) throws(TextFault) -> TLSSettings? {
    let section = try Section(node, named: "tls_server_config", keys: keys)
    guard let node, !section.isEmpty else { return nil }
    guard let certificate = try section.source("cert", relativeTo: directory) else {
      throw TextFault(at: node.position, "tls_server_config needs cert_file (or cert)")
    }
    guard let key = try section.source("key", relativeTo: directory) else {
      throw TextFault(at: node.position, "tls_server_config needs key_file (or key)")
    }
    let versions = try section.versions()
    // It has no effect, as in Go: the client's preference decides.
    _ = try section.boolean("prefer_server_cipher_suites")
    let authentication: ClientAuthentication = try section.choice("client_auth_type") ?? .none
    return TLSSettings(
      certificate: certificate, key: key, clientAuthentication: authentication,
      clientAuthority: try section.authority(for: authentication, relativeTo: directory),
      allowedClientNames: try section.allowedNames(),
      minVersion: versions.lowerBound, maxVersion: versions.upperBound,
      cipherSuites: try section.cipherSuites(for: versions),
      groups: try section.choices("curve_preferences"))
  }
}

extension Section {
  /// Reads `name`, which is PEM, or `name_file`, which is a path.
  fileprivate func source(
    _ name: String, relativeTo directory: String
  ) throws(TextFault) -> Positioned<TLSSettings.Source>? {
    let inline = try text(name)
    guard let file = try text(name + "_file") else {
      return inline.map { Positioned(.inline(Array($0.value.utf8)), at: $0.position) }
    }
    if inline != nil {
      throw TextFault(at: file.position, "\(name)_file and \(name) exclude each other")
    }
    guard !file.value.utf8.contains(0) else {
      throw TextFault(at: file.position, "\(name)_file is no path")
    }
    let path = file.value.hasPrefix("/") ? file.value : directory + file.value
    return Positioned(.file(path: path), at: file.position)
  }

  fileprivate func versions() throws(TextFault) -> ClosedRange<TLSProtocolVersion> {
    let least: TLSProtocolVersion = try choice("min_version") ?? .tls12
    let greatest: TLSProtocolVersion = try choice("max_version") ?? .tls13
    guard least <= greatest else {
      throw TextFault(
        at: node("max_version")?.position ?? node("min_version")?.position ?? .start,
        "max_version \(greatest.rawValue) is below min_version \(least.rawValue)")
    }
    return least...greatest
  }

  /// Reads the authority, which must not be given if it has no use.
  fileprivate func authority(
    for authentication: ClientAuthentication, relativeTo directory: String
  ) throws(TextFault) -> Positioned<TLSSettings.Source>? {
    let authority = try source("client_ca", relativeTo: directory)
    if let authority, authentication == .none {
      throw TextFault(
        at: authority.position, "a client authority is of no use without a client_auth_type")
    }
    return authority
  }

  fileprivate func allowedNames() throws(TextFault) -> [String] {
    let names = try texts("client_allowed_sans")
    if let node = node("client_allowed_sans") {
      // An empty list could mean nobody or anybody.
      guard !names.isEmpty else {
        throw TextFault(at: node.position, "client_allowed_sans has no name")
      }
    }
    return names.map(\.value)
  }

  fileprivate func cipherSuites(
    for versions: ClosedRange<TLSProtocolVersion>
  ) throws(TextFault) -> [CipherSuite] {
    let suites: [CipherSuite] = try choices("cipher_suites")
    if !suites.isEmpty, suites.allSatisfy(\.isTLS13), versions.upperBound < .tls13 {
      throw TextFault(
        at: node("cipher_suites")?.position ?? .start,
        "cipher_suites has none for \(versions.upperBound.rawValue)")
    }
    return suites
  }
}

extension TextPosition {
  fileprivate static let start = TextPosition(line: 1, column: 1)
}

/// Which certificate clients need; the raw value is the file's.
///
/// Counterpart: Go's `tls.ClientAuthType`.
public enum ClientAuthentication: String, Sendable, CaseIterable {
  /// Clients are not asked for a certificate.
  case none = "NoClientCert"
  /// Clients are asked for a certificate, and any is accepted.
  case request = "RequestClientCert"
  /// Clients must have a certificate, and any is accepted; exporter-toolkit's first name for it.
  case require = "RequireClientCert"
  /// The same as ``require``.
  case requireAny = "RequireAnyClientCert"
  /// Clients are asked for a certificate, which must be of a trusted authority.
  case verifyIfGiven = "VerifyClientCertIfGiven"
  /// Clients must have a certificate of a trusted authority.
  case requireAndVerify = "RequireAndVerifyClientCert"

  /// Whether a certificate must be of a trusted authority.
  public var isVerified: Bool { self == .verifyIfGiven || self == .requireAndVerify }
}

/// A version of TLS; the raw value is the file's.
public enum TLSProtocolVersion: String, Sendable, CaseIterable {
  case tls10 = "TLS10"
  case tls11 = "TLS11"
  case tls12 = "TLS12"
  case tls13 = "TLS13"
}

extension TLSProtocolVersion: Comparable {
  public static func < (left: TLSProtocolVersion, right: TLSProtocolVersion) -> Bool {
    // The texts are of the same length, with the version's digits at the end.
    left.rawValue < right.rawValue
  }
}

/// A cipher suite by its registered name.
///
/// Counterpart: Go's `tls.CipherSuites()`.
public enum CipherSuite: String, Sendable, CaseIterable {
  case ecdheECDSAWithAES128GCM = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
  case ecdheRSAWithAES128GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
  case ecdheECDSAWithAES256GCM = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
  case ecdheRSAWithAES256GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
  case ecdheECDSAWithChaCha20 = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
  case ecdheRSAWithChaCha20 = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
  case ecdheECDSAWithAES128CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
  case ecdheRSAWithAES128CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
  case ecdheECDSAWithAES256CBC = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
  case ecdheRSAWithAES256CBC = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
  case aes128GCM = "TLS_AES_128_GCM_SHA256"
  case aes256GCM = "TLS_AES_256_GCM_SHA384"
  case chaCha20 = "TLS_CHACHA20_POLY1305_SHA256"

  /// Whether it belongs to TLS 1.3, all of whose suites are always offered.
  public var isTLS13: Bool {
    switch self {
    case .aes128GCM, .aes256GCM, .chaCha20: true
    default: false
    }
  }
}

/// A group for the key exchange; the raw value is the file's.
public enum KeyExchangeGroup: String, Sendable, CaseIterable {
  case p256 = "CurveP256"
  case p384 = "CurveP384"
  case p521 = "CurveP521"
  case x25519 = "X25519"
  case x25519MLKEM768 = "X25519MLKEM768"
}

/// What is asked of a client's certificate; the raw value is the file's.
///
/// Counterpart: Go's `tls.ClientAuthType`.
public enum ClientAuthentication: String, Sendable, CaseIterable {
  /// Clients are not asked for a certificate.
  case none = "NoClientCert"
  /// Clients are asked for one, which may be any.
  case request = "RequestClientCert"
  /// Clients must have one, which may be any; exporter-toolkit's first name for it.
  case require = "RequireClientCert"
  /// The same.
  case requireAny = "RequireAnyClientCert"
  /// Clients are asked for one, which must be of a trusted authority.
  case verifyIfGiven = "VerifyClientCertIfGiven"
  /// Clients must have one of a trusted authority.
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
    // Of the same length, and with the version's digits at the end.
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

  /// Whether it belongs to TLS 1.3, whose suites are always all on offer.
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

import NIOCore
import NIOSSL
import WebConfiguration

/// How connections are encrypted: the server's certificate, and what is asked of clients.
struct TLSPolicy: Sendable {
  private let context: NIOSSLContext
  private let authentication: ClientAuthentication

  /// Of these names a client's certificate must have one; `nil` where any will do.
  let allowedClientNames: ClientNames?

  /// Reads the certificates and the key.
  ///
  /// - Parameters:
  ///   - settings: What the configuration says.
  ///   - path: The configuration's path.
  /// - Throws: ``ConfigurationError`` where a file can't be read or used.
  init(_ settings: TLSSettings, from path: String) throws(ConfigurationError) {
    let files = PEMFiles(configuration: path)
    let key = try files.privateKey(in: settings.key)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try files.certificates(in: settings.certificate).map { .certificate($0) },
      privateKey: .privateKey(key))
    configuration.apply(settings)
    if let authority = settings.clientAuthority {
      configuration.trustRoots = .certificates(try files.certificates(in: authority))
      configuration.sendCANameList = true
    }
    do {
      context = try NIOSSLContext(configuration: configuration)
    } catch NIOSSLError.failedToLoadPrivateKey {
      throw ConfigurationError(
        path: path, position: settings.key.position,
        reason: "the private key does not belong to the certificate")
    } catch {
      throw ConfigurationError(
        path: path, position: settings.certificate.position,
        reason: "TLS can't be set up: \(error)")
    }
    authentication = settings.clientAuthentication
    // Who isn't asked for a certificate has none to be looked at.
    allowedClientNames =
      authentication == .none ? nil : ClientNames(settings.allowedClientNames)
  }

  /// The handler of one connection.
  func makeHandler() -> NIOSSLServerHandler {
    switch authentication {
    case .none, .verifyIfGiven, .requireAndVerify:
      NIOSSLServerHandler(context: context)
    case .request, .require, .requireAny:
      // That the client has the certificate's key is checked all the same.
      NIOSSLServerHandler(context: context) { _, promise in
        promise.succeed(.certificateVerified)
      }
    }
  }
}

extension TLSConfiguration {
  /// Signatures of clients that are understood: those of Go.
  private static let clientSignatures: [SignatureAlgorithm] = [
    .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ed25519, .ecdsaSecp384R1Sha384,
    .rsaPssRsaeSha384, .rsaPkcs1Sha384, .ecdsaSecp521R1Sha512, .rsaPssRsaeSha512, .rsaPkcs1Sha512,
  ]

  /// Sets all that needs no file.
  fileprivate mutating func apply(_ settings: TLSSettings) {
    minimumTLSVersion = settings.minVersion.version
    maximumTLSVersion = settings.maxVersion.version
    let suites = settings.cipherSuites.isEmpty ? CipherSuite.allCases : settings.cipherSuites
    let olderSuites = suites.filter { !$0.isTLS13 }
    if olderSuites.isEmpty {
      // No older version has a suite left.
      minimumTLSVersion = .tlsv13
    } else {
      cipherSuites = olderSuites.map(\.rawValue).joined(separator: ":")
    }
    if !settings.groups.isEmpty { curves = settings.groups.map(\.curve) }
    applicationProtocols = ["http/1.1"]
    // How long a client may take to agree to the end: HTTP does not depend on it.
    shutdownTimeout = .milliseconds(200)
    // The system's where they are needed: they are read whole.
    trustRoots = settings.clientAuthentication.isVerified ? .default : .certificates([])
    verifySignatureAlgorithms = Self.clientSignatures
    certificateVerification =
      switch settings.clientAuthentication {
      case .none: .none
      case .request, .verifyIfGiven: .optionalVerification
      case .require, .requireAny, .requireAndVerify: .noHostnameVerification
      }
  }
}

extension TLSProtocolVersion {
  fileprivate var version: TLSVersion {
    switch self {
    case .tls10: .tlsv1
    case .tls11: .tlsv11
    case .tls12: .tlsv12
    case .tls13: .tlsv13
    }
  }
}

extension KeyExchangeGroup {
  fileprivate var curve: NIOTLSCurve {
    switch self {
    case .p256: .secp256r1
    case .p384: .secp384r1
    case .p521: .secp521r1
    case .x25519: .x25519
    case .x25519MLKEM768: .x25519_MLKEM768
    }
  }
}

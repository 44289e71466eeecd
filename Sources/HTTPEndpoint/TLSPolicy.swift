import NIOCore
import NIOSSL
import Platform
import WebConfiguration

/// How connections are encrypted: the server's certificate, and the certificates that clients need.
struct TLSPolicy: Sendable {
  private let context: NIOSSLContext
  private let authentication: ClientAuthentication

  /// The names of which a client's certificate must have one; `nil` if all names are allowed.
  let allowedClientNames: ClientNames?

  /// Reads the certificates and the key.
  ///
  /// - Parameters:
  ///   - settings: The settings of the configuration.
  ///   - path: The configuration's path.
  /// - Throws: ``ConfigurationError`` if a file can't be read or used.
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
    // A client that is not asked for a certificate has none.
    allowedClientNames =
      authentication == .none ? nil : ClientNames(settings.allowedClientNames)
  }

  /// Creates the handler of one connection.
  func makeHandler() -> NIOSSLServerHandler {
    switch authentication {
    case .none, .verifyIfGiven, .requireAndVerify:
      NIOSSLServerHandler(context: context)
    case .request, .require, .requireAny:
      // BoringSSL still checks that the client has the certificate's key.
      NIOSSLServerHandler(context: context) { _, promise in
        promise.succeed(.certificateVerified)
      }
    }
  }
}

extension TLSConfiguration {
  /// The accepted signatures of clients, which are those of Go.
  private static let clientSignatures: [SignatureAlgorithm] = [
    .ecdsaSecp256R1Sha256, .rsaPssRsaeSha256, .rsaPkcs1Sha256, .ed25519, .ecdsaSecp384R1Sha384,
    .rsaPssRsaeSha384, .rsaPkcs1Sha384, .ecdsaSecp521R1Sha512, .rsaPssRsaeSha512, .rsaPkcs1Sha512,
  ]

  /// Applies the settings that need no file.
  fileprivate mutating func apply(_ settings: TLSSettings) {
    minimumTLSVersion = settings.minVersion.version
    maximumTLSVersion = settings.maxVersion.version
    let suites = settings.cipherSuites.isEmpty ? CipherSuite.allCases : settings.cipherSuites
    let olderSuites = suites.filter { !$0.isTLS13 }
    if olderSuites.isEmpty {
      // Older versions have no suite left.
      minimumTLSVersion = .tlsv13
    } else {
      cipherSuites = olderSuites.map(\.rawValue).joined(separator: ":")
    }
    if !settings.groups.isEmpty { curves = settings.groups.map(\.curve) }
    applicationProtocols = ["http/1.1"]
    // A client may take this long to confirm the end. HTTP does not depend on the confirmation.
    shutdownTimeout = .milliseconds(200)
    // The system's roots are many, and all are read, so they are used only if they are needed.
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

/// Reads the certificates and keys that a configuration names.
private struct PEMFiles {
  /// The largest size of a file. A bundle of all authorities of browsers takes a fifth of it.
  private static let maxBytes = 1 << 20

  private let configuration: String

  /// - Parameter configuration: The configuration's path, which messages name.
  init(configuration: String) {
    self.configuration = configuration
  }

  /// Reads the certificates of a source: one, which its chain may follow.
  ///
  /// - Throws: ``ConfigurationError`` if there is none.
  func certificates(
    in source: Positioned<TLSSettings.Source>
  ) throws(ConfigurationError) -> [NIOSSLCertificate] {
    let bytes = try bytes(of: source)
    if let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty {
      return certificates
    }
    throw fault(source, "\(source.value.name) has no certificate in PEM")
  }

  /// Reads the private key of a source.
  ///
  /// - Throws: ``ConfigurationError`` if there is none, or if it has a passphrase.
  func privateKey(
    in source: Positioned<TLSSettings.Source>
  ) throws(ConfigurationError) -> NIOSSLPrivateKey {
    let bytes = try bytes(of: source)
    if let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) { return key }
    throw fault(source, "\(source.value.name) has no private key in PEM without a passphrase")
  }

  private func bytes(
    of source: Positioned<TLSSettings.Source>
  ) throws(ConfigurationError) -> [UInt8] {
    switch source.value {
    case .inline(let bytes): return bytes
    case .file(let path):
      do {
        return try FileBytes.read(path: path, limit: Self.maxBytes, accepting: .regularFiles)
      } catch {
        throw fault(source, "cannot read \(path): \(error)")
      }
    }
  }

  private func fault(
    _ source: Positioned<TLSSettings.Source>, _ reason: String
  ) -> ConfigurationError {
    ConfigurationError(path: configuration, position: source.position, reason: reason)
  }
}

extension TLSSettings.Source {
  /// Its name in messages.
  fileprivate var name: String {
    switch self {
    case .inline: "the text"
    case .file(let path): path
    }
  }
}

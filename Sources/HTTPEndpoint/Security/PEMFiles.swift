import NIOSSL
import Platform
import WebConfiguration

/// Reads the certificates and keys that a configuration names.
struct PEMFiles {
  /// A bundle of all authorities that browsers know has a fifth of it.
  private static let maxBytes = 1 << 20

  private let configuration: String

  /// - Parameter configuration: The configuration's path, for messages.
  init(configuration: String) {
    self.configuration = configuration
  }

  /// The certificates of a source: one, or one and those that lead from it to its authority.
  ///
  /// - Throws: ``ConfigurationError`` where there is none.
  func certificates(
    in source: Positioned<TLSSettings.Source>
  ) throws(ConfigurationError) -> [NIOSSLCertificate] {
    let bytes = try bytes(of: source)
    if let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty {
      return certificates
    }
    throw fault(source, "\(source.value.name) has no certificate in PEM")
  }

  /// The private key of a source.
  ///
  /// - Throws: ``ConfigurationError`` where there is none, or one with a passphrase.
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
  /// What messages call it.
  fileprivate var name: String {
    switch self {
    case .inline: "the text"
    case .file(let path): path
    }
  }
}

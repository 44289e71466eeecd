private import CSodium

/// The name of a chain that kube-proxy makes for one service port or one endpoint.
///
/// A name is a prefix and the first 16 characters of the base32 text of a SHA-256 digest, so it
/// proves which service port, and which endpoint, the chain was made for.
public enum ChainName {
  /// The chain that spreads a service port's connections over all its endpoints.
  ///
  /// kube-proxy counterpart: `servicePortPolicyClusterChain`.
  public static func clusterPolicy(of service: Service) -> String {
    "KUBE-SVC-" + hash(service.name + service.networkProtocol.rawValue)
  }

  /// The chain that connections from outside the cluster enter first.
  ///
  /// kube-proxy counterpart: `serviceExternalChainName`.
  public static func external(of service: Service) -> String {
    "KUBE-EXT-" + hash(service.name + service.networkProtocol.rawValue)
  }

  /// The chain that translates the destination to one endpoint.
  ///
  /// kube-proxy counterpart: `servicePortEndpointChainName`.
  public static func endpoint(_ endpoint: Endpoint, of service: Service) -> String {
    "KUBE-SEP-" + hash(service.name + service.networkProtocol.rawValue + endpoint.description)
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

  /// The first 80 bits of the text's SHA-256 digest in base32: 16 characters of 5 bits.
  private static func hash(_ text: String) -> String {
    var characters: [UInt8] = []
    characters.reserveCapacity(16)
    var pending: UInt = 0
    var pendingBits: UInt = 0
    for byte in digest(of: Array(text.utf8)).prefix(10) {
      pending = pending << 8 | UInt(byte)
      pendingBits += 8
      while pendingBits >= 5 {
        pendingBits -= 5
        characters.append(alphabet[Int(pending >> pendingBits & 31)])
      }
    }
    return String(decoding: characters, as: UTF8.self)
  }

  /// The message's SHA-256 digest.
  private static func digest(of message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = unsafe crypto_hash_sha256(&digest, message, UInt64(message.count))
    return digest
  }
}

import Logging
import TestSupport
import Testing
import WebConfiguration

@testable import HTTPEndpoint

/// What the toolkit in Debian's promtool takes, the exporter takes, and what the one refuses the
/// other refuses.
@Suite(.promtool) struct ToolkitComparisonTests {
  private static let tls = SecureServer.tls
  private static let hash = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"

  private func isTaken(_ configuration: String, among files: SecurityFiles) throws -> [Bool] {
    try files.write(configuration, to: "web.yml")
    let path = files.path + "/web.yml"
    var isTaken = [true, true]
    do {
      _ = try ServerSecurity(configurationFile: path, logger: TestServer.logger)
    } catch {
      isTaken[0] = false
    }
    do {
      try Command.run("promtool", "check", "web-config", path)
    } catch {
      isTaken[1] = false
    }
    return isTaken
  }

  @Test func `both take what is right`() throws {
    let files = try SecurityFiles()
    let authority = "  client_ca_file: ca.crt\n"
    let configurations =
      [
        "", "# nothing\n", "{}", "tls_server_config:\n", "basic_auth_users: {}\n", Self.tls,
        Self.tls + "basic_auth_users:\n  alice: \(Self.hash)\n  'b ob': \(Self.hash)\n",
        Self.tls + "http_server_config:\n  http2: false\n",
        Self.tls + "http_server_config: {http2: yes, headers: {X-XSS-Protection: \"1\"}}\n",
        "http_server_config:\n  headers:\n    X-Frame-Options: sameorigin\n"
          + "    Strict-Transport-Security: max-age=1\n    X-Content-Type-Options: nosniff\n",
        Self.tls + "  min_version: TLS10\n  max_version: TLS13\n",
        Self.tls + "  prefer_server_cipher_suites: false\n",
        Self.tls + "  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n"
          + "  - TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA\n",
        Self.tls + "  curve_preferences: [CurveP521, X25519]\n",
        "basic_auth_users:\n  alice: &hash \(Self.hash)\n  bob: *hash\n",
        Self.tls + "  client_auth_type: VerifyClientCertIfGiven\n",
        Self.tls + "  client_auth_type: RequireAndVerifyClientCert\n",
      ]
      + ["NoClientCert", "RequestClientCert", "RequireClientCert", "RequireAnyClientCert"].map {
        Self.tls + "  client_auth_type: \($0)\n"
      }
      + ["RequestClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"].map {
        Self.tls + authority + "  client_auth_type: \($0)\n"
      }
    for configuration in configurations {
      #expect(try isTaken(configuration, among: files) == [true, true], "\(configuration)")
    }
  }

  @Test func `both refuse what is wrong`() throws {
    let files = try SecurityFiles()
    let configurations = [
      "nonsense", "a: [", "unknown: 1\n", Self.tls + Self.tls, Self.tls + "  cert_fil: a\n",
      "tls_server_config:\n  cert_file: server.crt\n",
      "tls_server_config:\n  key_file: server.key\n",
      "tls_server_config: {cert_file: none, key_file: server.key}\n",
      "tls_server_config: {cert_file: server.crt, key_file: renewed.key}\n",
      "tls_server_config: {cert_file: server.key, key_file: server.key}\n",
      Self.tls + "  client_auth_type: Always\n", Self.tls + "  client_ca_file: ca.crt\n",
      Self.tls + "  client_ca_file: none\n  client_auth_type: RequestClientCert\n",
      Self.tls + "  min_version: 1.2\n",
      Self.tls + "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n",
      Self.tls + "  curve_preferences: [CurveP224]\n", "basic_auth_users: [a]\n",
      "basic_auth_users:\n  alice: secret\n", "http_server_config:\n  headers:\n    Server: x\n",
      "http_server_config:\n  headers:\n    X-Frame-Options: never\n",
      "basic_auth_users:\n  alice: \(Self.hash)\n  alice: \(Self.hash)\n",
      "http_server_config:\n  http2: \"true\"\n", "basic_auth_users: *users\n",
    ]
    for configuration in configurations {
      #expect(try isTaken(configuration, among: files) == [false, false], "\(configuration)")
    }
  }
}

import Testing
import WebConfiguration

@testable import HTTPEndpoint

@Suite struct SecurityStartTests {
  @Test(arguments: [
    (
      "cert_file: none.crt\n  key_file: server.key",
      "2:14: cannot read DIR/none.crt: No such file or directory"
    ),
    ("cert_file: server.crt\n  key_file: /", "3:13: cannot read /: Is a directory"),
    (
      "cert_file: server.key\n  key_file: server.key",
      "2:14: DIR/server.key has no certificate in PEM"
    ),
    ("cert_file: p256\n  key_file: server.key", "2:14: DIR/p256 has no certificate in PEM"),
    (
      "cert_file: server.crt\n  key_file: server.crt",
      "3:13: DIR/server.crt has no private key in PEM without a passphrase"
    ),
    (
      "cert_file: server.crt\n  key_file: encrypted.key",
      "3:13: DIR/encrypted.key has no private key in PEM without a passphrase"
    ),
    (
      "cert_file: server.crt\n  key_file: renewed.key",
      "3:13: the private key does not belong to the certificate"
    ),
    ("cert: |\n    nothing\n  key_file: server.key", "2:9: the text has no certificate in PEM"),
    (
      "cert_file: server.crt\n  key_file: server.key\n  client_ca_file: server.key\n"
        + "  client_auth_type: VerifyClientCertIfGiven",
      "4:19: DIR/server.key has no certificate in PEM"
    ),
  ])
  func `a file that is of no use is told at the start`(setting: String, message: String) throws {
    let files = try SecurityFiles()
    try files.write("tls_server_config:\n  \(setting)\n", to: "web.yml")
    let path = files.path + "/web.yml"
    let error = #expect(throws: ConfigurationError.self) {
      try ServerSecurity(configurationFile: path, logger: TestServer.logger)
    }
    let expected = message.split(separator: "DIR").joined(separator: files.path)
    #expect(error?.description == "\(path):\(expected)")
  }

  @Test func `a configuration that is not there is told at the start`() {
    let error = #expect(throws: ConfigurationError.self) {
      try ServerSecurity(configurationFile: "/nowhere/web.yml", logger: TestServer.logger)
    }
    #expect(
      error?.description == "/nowhere/web.yml: cannot read it: No such file or directory")
  }
}

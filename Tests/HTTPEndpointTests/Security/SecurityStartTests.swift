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
      "cert_file: pipe\n  key_file: server.key",
      "2:14: cannot read DIR/pipe: it is a pipe, not a regular file"
    ),
    (
      "cert_file: server.crt\n  key_file: /dev/zero",
      "3:13: cannot read /dev/zero: it is a device, not a regular file"
    ),
    (
      "cert_file: server.crt\n  key_file: large",
      "3:13: cannot read DIR/large: it is larger than 1 MiB"
    ),
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

  @Test(arguments: [
    ("/nowhere/web.yml", "No such file or directory"), ("/", "Is a directory"),
    ("/dev/zero", "it is a device, not a regular file"),
  ])
  func `a configuration that can't be read is told at the start`(path: String, reason: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try ServerSecurity(configurationFile: path, logger: TestServer.logger)
    }
    #expect(error?.description == "\(path): cannot read it: \(reason)")
  }

  @Test func `a configuration that becomes a pipe stops nothing`() async throws {
    try await SecureServer.run("basic_auth_users: {}\n") { server in
      let path = server.files.path
      _ = try await Shell.run("mkfifo other && mv other web.yml", in: path)
      try await server.eventually {
        let answer = try await Shell.run(
          "curl -sS -m 5 http://127.0.0.1:\(server.port)/", in: path)
        return answer == "hello" && server.log.messages.contains { $0.contains("it is a pipe") }
      }
    }
  }
}

import Testing
import WebConfiguration

@testable import HTTPEndpoint

@Suite struct SecurityReloadTests {
  private static let kept = "web configuration not taken over, the one before stays in force"

  private func subject(_ server: SecureServer) async throws -> String {
    try await server.handshake("2>/dev/null | openssl x509 -noout -subject")
  }

  @Test func `a renewed certificate is used by the connections that follow`() async throws {
    try await SecureServer.run(SecureServer.tls) { server in
      #expect(try await subject(server).contains("CN = server"))
      // Between the two nothing fits, which the running server must survive.
      try server.files.replace("server.crt", with: "renewed.crt")
      #expect(try await server.curl() == "hello")
      try server.files.replace("server.key", with: "renewed.key")
      try await server.eventually { try await subject(server).contains("CN = renewed") }
      #expect(try await server.curl() == "hello")
    }
  }

  @Test func `users are added, changed and removed without a restart`() async throws {
    let alice = ["Authorization: Basic YWxpY2U6c2VjcmV0"]
    let bob = ["Authorization: Basic Ym9iOmJ1aWxkZXI="]
    try await SecureServer.run(try Users.configuration(["alice": "secret"])) { server in
      // One connection all the time, as Prometheus has it.
      try await TestClient.connect(to: server.port) { client in
        func status(_ headers: [String]) async throws -> Int {
          try await client.send("GET / HTTP/1.1", headers: headers)
          return try await client.response().status
        }
        #expect(try await status(alice) == 200)
        #expect(try await status(bob) == 401)
        try server.files.write(
          try Users.configuration(["alice": "other", "bob": "builder"]), to: "web.yml")
        try await server.eventually { try await status(bob) == 200 }
        #expect(try await status(alice) == 401)
        try server.files.write(try Users.configuration(["alice": "secret"]), to: "web.yml")
        try await server.eventually { try await status(alice) == 200 }
        #expect(try await status(bob) == 401)
      }
      #expect(server.log.messages.count { $0.hasPrefix("web configuration read again") } == 2)
    }
  }

  @Test func `authentication and header fields can be added`() async throws {
    try await SecureServer.run("# nothing yet\n") { server in
      #expect(try await TestClient.get("/", port: server.port).status == 200)
      let headers = "http_server_config: {headers: {X-Frame-Options: sameorigin}}\n"
      try server.files.write(headers + (try Users.configuration(["a": "b"])), to: "web.yml")
      try await server.eventually {
        let response = try await TestClient.get("/", port: server.port)
        return response.status == 401 && response.headers["x-frame-options"] == "sameorigin"
      }
    }
  }

  @Test(arguments: [
    ("basic_auth_users:\n  alice: secret\n", "web.yml:2:10: the password hash of user"),
    ("a: [", "web.yml:2:1: not YAML"), ("", "web.yml: it is empty"),
    ("# all gone", "web.yml: it is empty"),
    ("http_server_config: {}\n", "web.yml: authentication can't be turned off without a restart"),
    (
      "tls_server_config: {cert_file: server.crt, key_file: server.key}\n",
      "web.yml: TLS can't be turned on without a restart"
    ),
    (
      "tls_server_config:\n  cert_file: none.crt\n  key_file: server.key\n",
      "web.yml:2:14: cannot read "
    ),
  ])
  func `a bad file changes nothing, and is reported once`(
    text: String, report: String
  ) async throws {
    let alice = ["Authorization: Basic YWxpY2U6c2VjcmV0"]
    let good = try Users.configuration(["alice": "secret"])
    try await SecureServer.run(good) { server in
      try server.files.write(text, to: "web.yml")
      try await server.eventually {
        let known = try await TestClient.get("/", port: server.port, headers: alice)
        let unknown = try await TestClient.get("/", port: server.port)
        #expect([known.status, unknown.status] == [200, 401])
        return server.log.messages.contains { $0.hasPrefix(Self.kept) && $0.contains(report) }
      }
      for _ in 1...5 {
        try await Task.sleep(for: .milliseconds(60))
        #expect(try await TestClient.get("/", port: server.port).status == 401)
      }
      #expect(server.log.messages.count { $0.hasPrefix(Self.kept) } == 1)
      // Once it is mended it counts again.
      try server.files.write(good + "  bob: \(try Users.hash(of: "b").text)\n", to: "web.yml")
      try await server.eventually {
        _ = try await TestClient.get("/", port: server.port)
        return server.log.messages.contains { $0.hasPrefix("web configuration read again") }
      }
    }
  }

  @Test func `TLS can't be lost by a bad file`() async throws {
    try await SecureServer.run(SecureServer.tls) { server in
      try server.files.write(try Users.configuration(["alice": "secret"]), to: "web.yml")
      try await server.eventually {
        let output = try await server.curl()
        #expect(output == "hello")
        return server.log.messages.contains { $0.contains("TLS can't be turned off") }
      }
      _ = try await Shell.run("rm web.yml server.key", in: server.files.path)
      try await server.eventually {
        let output = try await server.curl()
        #expect(output == "hello")
        return server.log.messages.contains { $0.contains("cannot read it: No such file") }
      }
    }
  }

  @Test func `a certificate that comes after the configuration is waited for`() async throws {
    try await SecureServer.run(SecureServer.tls) { server in
      try server.files.write(
        "tls_server_config: {cert_file: new.crt, key_file: new.key}\n", to: "web.yml")
      try await server.eventually {
        let output = try await server.curl()
        #expect(output == "hello")
        return server.log.messages.contains { $0.contains("/new.key: No such file") }
      }
      try server.files.replace("new.key", with: "renewed.key")
      try server.files.replace("new.crt", with: "renewed.crt")
      try await server.eventually { try await subject(server).contains("CN = renewed") }
    }
  }
}

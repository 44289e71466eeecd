import Testing

@testable import HTTPEndpoint

@Suite struct ClientCertificateTests {
  private static let authority = "  client_ca_file: ca.crt\n"
  private static let names = "  client_allowed_sans: [prometheus.example]\n"

  /// A policy, and of which clients it lets in.
  struct Policy: CustomTestStringConvertible {
    let type: String
    let setting: String
    let admitted: [String]

    init(_ type: String, _ setting: String = "", admits admitted: [String]) {
      self.type = type
      self.setting = setting
      self.admitted = admitted
    }

    var testDescription: String { type + setting }
  }

  @Test(arguments: [
    Policy("NoClientCert", admits: ["", "client", "edwards", "stranger"]),
    Policy("RequestClientCert", authority, admits: ["", "client", "edwards", "stranger"]),
    Policy("RequireClientCert", admits: ["client", "edwards", "stranger"]),
    Policy("RequireAnyClientCert", authority, admits: ["client", "edwards", "stranger"]),
    Policy("VerifyClientCertIfGiven", authority, admits: ["", "client", "edwards"]),
    Policy("RequireAndVerifyClientCert", authority, admits: ["client", "edwards"]),
    // By an authority that the system trusts; it trusts none of the test's.
    Policy("VerifyClientCertIfGiven", admits: [""]),
    Policy("RequireAndVerifyClientCert", admits: []),
    Policy("NoClientCert", names, admits: ["", "client", "edwards", "stranger"]),
    Policy("RequestClientCert", names, admits: ["client", "stranger"]),
    Policy("VerifyClientCertIfGiven", authority + names, admits: ["client"]),
  ])
  func `who may connect is as the policy says`(policy: Policy) async throws {
    let configuration =
      SecureServer.tls + "  client_auth_type: \(policy.type)\n" + policy.setting
    try await SecureServer.run(configuration) { server in
      for client in ["", "client", "edwards", "stranger"] {
        let arguments = client.isEmpty ? "" : "--cert \(client).crt --key \(client).key"
        for version in ["--tls-max 1.2", "--tlsv1.3"] {
          let output = try await server.curl("\(arguments) \(version)")
          #expect((output == "hello") == policy.admitted.contains(client), "\(client): \(output)")
        }
      }
    }
  }

  @Test func `a server's certificate does not make a client`() async throws {
    let configuration =
      SecureServer.tls + Self.authority + "  client_auth_type: RequireAndVerifyClientCert\n"
    try await SecureServer.run(configuration) { server in
      let make = """
        openssl req -config openssl.cnf -x509 -days 2 -nodes -newkey ec:p256 -keyout web.key \
          -out web.crt -subj /CN=web -CA ca.crt -CAkey ca.key \
          -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth
        """
      _ = try await Shell.run(make, in: server.files.path)
      #expect(try await server.curl("--cert web.crt --key web.key") != "hello")
      #expect(try await server.curl("--cert client.crt --key client.key") == "hello")
    }
  }

  @Test(arguments: [
    "prometheus.example", "10.0.0.1", "fd00::1", "spiffe://example/prometheus",
    "prometheus@example",
  ])
  func `a name of any kind lets its client in, and no other`(name: String) async throws {
    let configuration =
      SecureServer.tls + Self.authority + "  client_auth_type: RequireAndVerifyClientCert\n"
      + "  client_allowed_sans: [nobody.example, \"\(name)\"]\n"
    try await SecureServer.run(configuration) { server in
      let named = try await server.curl("--cert client.crt --key client.key")
      #expect(named == "hello")
      // Of the same authority, and without a name.
      #expect(try await server.curl("--cert edwards.crt --key edwards.key") != "hello")
      #expect(try await server.curl("--cert stranger.crt --key stranger.key") != "hello")
    }
  }

  @Test(arguments: ["prometheus", "*.example", "Prometheus.example", "client", "10.0.0.10"])
  func `another name lets nobody in`(name: String) async throws {
    let configuration =
      SecureServer.tls + "  client_auth_type: RequireAnyClientCert\n"
      + "  client_allowed_sans: [\"\(name)\"]\n"
    try await SecureServer.run(configuration) { server in
      let output = try await server.curl("--cert client.crt --key client.key")
      #expect(output != "hello")
      #expect(server.log.messages.contains { $0.contains("has no allowed name") })
    }
  }

  @Test(arguments: ["tls1_2", "tls1_3"])
  func `a resumed session is still the same client's`(version: String) async throws {
    let configuration =
      SecureServer.tls + Self.authority + "  client_auth_type: RequireAndVerifyClientCert\n"
      + "  client_allowed_sans: [prometheus.example]\n"
    try await SecureServer.run(configuration) { server in
      let request = "printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 0.5"
      let client = "openssl s_client -\(version) -connect 127.0.0.1:\(server.port) -ign_eof"
      let certificate = "-cert client.crt -key client.key"
      let first = try await Shell.run(
        "(\(request)) | \(client) \(certificate) -sess_out session", in: server.files.path)
      #expect(first.contains("hello"))
      let second = try await Shell.run(
        "(\(request)) | \(client) -sess_in session", in: server.files.path)
      #expect(second.contains("Reused, ") == second.contains("hello"))
    }
  }
}

import Testing

@testable import HTTPEndpoint

@Suite struct TLSTests {
  @Test func `curl gets its answer over TLS, small and large`() async throws {
    try await SecureServer.run(SecureServer.tls) { server in
      #expect(try await server.curl() == "hello")
      let large = try await server.curl(path: "/large")
      #expect(large.utf8.count == 4 << 20)
      let compressed = try await server.curl("--compressed", path: "/large")
      #expect(compressed == large)
      let twice = try await server.curl("-w '%{num_connects}' https://127.0.0.1:\(server.port)/")
      #expect(twice == "hello1hello0")
      #expect(try await server.curl("-o /dev/null -w '%{http_version}'") == "1.1")
    }
  }

  @Test func `a plain request to the encrypted port is not answered`() async throws {
    try await SecureServer.run(SecureServer.tls) { server in
      try await TestClient.connect(to: server.port) { client in
        try await client.send("GET / HTTP/1.1")
        await #expect(throws: (any Error).self) {
          let response = try await client.response()
          #expect(response.status == 0)
        }
      }
    }
  }

  @Test(arguments: [
    ("", ["tls1_2", "tls1_3"]),
    ("  min_version: TLS13\n", ["tls1_3"]),
    ("  min_version: TLS10\n", ["tls1", "tls1_1", "tls1_2", "tls1_3"]),
    ("  min_version: TLS11\n  max_version: TLS12\n", ["tls1_1", "tls1_2"]),
    ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", ["tls1_3"]),
  ])
  func `versions out of bounds are refused`(setting: String, versions: [String]) async throws {
    try await SecureServer.run(SecureServer.tls + setting) { server in
      for version in ["tls1", "tls1_1", "tls1_2", "tls1_3"] {
        let output = try await server.handshake("-\(version) -cipher ALL:@SECLEVEL=0")
        #expect(output.contains("Cipher is (NONE)") == !versions.contains(version))
        #expect(output.contains("alert protocol version") == !versions.contains(version))
      }
    }
  }

  @Test func `only the cipher suites and groups of the configuration are on offer`() async throws {
    let setting = """
        cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]
        curve_preferences: [CurveP384]

      """
    try await SecureServer.run(SecureServer.tls + setting) { server in
      let older = try await server.handshake("-tls1_2")
      #expect(older.contains("Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"))
      let newer = try await server.handshake("-tls1_3")
      #expect(newer.contains("Server Temp Key: ECDH, secp384r1, 384 bits"))
      let refused = try await server.handshake("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256")
      #expect(refused.contains("alert handshake failure"))
      #expect(try await server.handshake("-groups X25519").contains("alert handshake failure"))
    }
  }

  @Test func `an RSA certificate serves as well, but never without forward secrecy`() async throws {
    let configuration = "tls_server_config: {cert_file: rsa.crt, key_file: rsa.key}\n"
    try await SecureServer.run(configuration) { server in
      #expect(try await server.curl() == "hello")
      #expect(try await server.curl("--tls-max 1.2") == "hello")
      let output = try await server.handshake("-tls1_2 -cipher AES128-GCM-SHA256:AES128-SHA")
      #expect(output.contains("alert handshake failure"))
    }
  }

  @Test func `certificates and keys may stand in the configuration itself`() async throws {
    let files = try SecurityFiles()
    let certificate = try await Shell.run("sed 's/^/    /' server.crt", in: files.path)
    let key = try await Shell.run("sed 's/^/    /' server.key", in: files.path)
    let authority = try await Shell.run("cat ca.crt", in: files.path)
    let configuration = "tls_server_config:\n  cert: |\n\(certificate)\n  key: |\n\(key)\n"
    try await SecureServer.run(configuration) { server in
      try server.files.write(authority, to: "ca.crt")
      #expect(try await server.curl() == "hello")
    }
  }

  @Test func `a handshake that does not end is not waited for`() async throws {
    var limits = HTTPLimits()
    limits.headTimeout = .seconds(1)
    try await SecureServer.run(SecureServer.tls, limits: limits) { server in
      let start = ContinuousClock.now
      for bytes in ["", "\u{16}\u{3}\u{1}"] {
        try await TestClient.connect(to: server.port) { client in
          try await client.send(raw: bytes)
          #expect(await client.isClosed())
        }
      }
      #expect((.milliseconds(1900)..<Duration.seconds(8)).contains(.now - start))
      #expect(server.log.messages.contains { $0.contains("TLS handshake failed") })
      // One that is complete may be idle.
      let client = "(sleep 2; printf 'GET / HTTP/1.0\\r\\n\\r\\n')"
      let output = try await Shell.run(
        "\(client) | timeout 10 openssl s_client -connect 127.0.0.1:\(server.port) -ign_eof -quiet",
        in: server.files.path)
      #expect(output.contains("hello"))
    }
  }

  @Test func `a client that closes its side still gets all of the response`() async throws {
    try await SecureServer.run(SecureServer.tls) { server in
      let output = try await Shell.run(
        "printf 'GET /large HTTP/1.1\\r\\nHost: test\\r\\nConnection: close\\r\\n\\r\\n'"
          + " | timeout 10 openssl s_client -connect 127.0.0.1:\(server.port) -ign_eof -quiet"
          + " 2>/dev/null | wc -c",
        in: server.files.path)
      #expect(Int(output.split(separator: "\n")[0]) ?? 0 > 4 << 20)
    }
  }

  @Test func `the server stops in spite of idle encrypted connections`() async throws {
    let start = ContinuousClock.now
    try await SecureServer.run(SecureServer.tls) { server in
      _ = try await Shell.run(
        "(sleep 30 | openssl s_client -connect 127.0.0.1:\(server.port) >/dev/null 2>&1) & sleep 1",
        in: server.files.path)
    }
    #expect(.now - start < .seconds(8))
  }
}

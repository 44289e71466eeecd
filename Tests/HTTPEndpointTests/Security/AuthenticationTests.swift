import Testing

@testable import HTTPEndpoint

@Suite struct AuthenticationTests {
  private static func configuration() throws -> String {
    try Users.configuration(["alice": "secret", "Jürgen": "päss:wörd ✓", "": "nameless"])
  }

  private func field(_ encoded: String) -> [String] { ["Authorization: Basic \(encoded)"] }

  @Test(arguments: [
    ("alice", "YWxpY2U6c2VjcmV0"), ("UTF-8 and a colon", "SsO8cmdlbjpww6Rzczp3w7ZyZCDinJM="),
    ("no name", "Om5hbWVsZXNz"),
  ])
  func `who has the password gets in`(who: String, encoded: String) async throws {
    try await SecureServer.run(try Self.configuration()) { server in
      for _ in 1...2 {
        let response = try await TestClient.get("/", port: server.port, headers: field(encoded))
        #expect(response.status == 200)
        #expect(response.text == "hello")
      }
    }
  }

  @Test(arguments: [
    [], ["Authorization: Basic YWxpY2U6c2VjcmV1"], ["Authorization: Basic ZXZlOnNlY3JldA=="],
    ["Authorization: Basic Qm9iOnNlY3JldA=="], ["Authorization: Bearer YWxpY2U6c2VjcmV0"],
    ["Authorization: Basic !"], ["Authorization:"], ["Proxy-Authorization: Basic YWxpY2U6c2VjcmV0"],
    // The first one counts.
    ["Authorization: Basic x", "Authorization: Basic YWxpY2U6c2VjcmV0"],
  ])
  func `who has not is asked for it, whatever the path`(headers: [String]) async throws {
    try await SecureServer.run(try Self.configuration()) { server in
      for path in ["/", "/-/healthy", "/-/ready", "/nowhere", "*", "//"] {
        let response = try await TestClient.get(path, port: server.port, headers: headers)
        #expect(response.status == 401)
        #expect(
          response.headers["www-authenticate"] == "Basic realm=\"metrics\", charset=\"UTF-8\"")
        #expect(response.text == "401 unauthorized\n")
      }
    }
  }

  @Test func `no method gets around it`() async throws {
    try await SecureServer.run(try Self.configuration()) { server in
      try await TestClient.connect(to: server.port) { client in
        for method in ["POST", "OPTIONS", "HEAD", "TRACE", "DELETE"] {
          try await client.send("\(method) / HTTP/1.1")
          #expect(try await client.response(hasBody: method != "HEAD").status == 401)
        }
        try await client.send("GET / HTTP/1.1", headers: field("YWxpY2U6c2VjcmV0"))
        #expect(try await client.response().text == "hello")
        // Each request has to have its own.
        try await client.send("GET / HTTP/1.1")
        #expect(try await client.response().status == 401)
      }
    }
  }

  @Test func `a hundred wrong passwords at once keep nobody out for long`() async throws {
    try await SecureServer.run(try Self.configuration()) { server in
      let known = field("YWxpY2U6c2VjcmV0")
      #expect(try await TestClient.get("/", port: server.port, headers: known).status == 200)
      let statuses = try await withThrowingTaskGroup { group in
        for number in 10...109 {
          group.addTask {
            // alice:sec10 and so on.
            let encoded = try await Shell.run("printf 'alice:sec\(number)' | base64", in: "/")
            let headers = field(String(encoded.dropLast()))
            return try await TestClient.get("/", port: server.port, headers: headers).status
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses.allSatisfy { $0 == 401 || $0 == 429 })
      #expect(try await TestClient.get("/", port: server.port, headers: known).status == 200)
    }
  }

  @Test func `what is too much is refused with the time to come back`() async throws {
    var limits = PasswordChecker.Limits()
    limits.maxChecks = 0
    limits.patience = .zero
    let files = try SecurityFiles()
    try files.write(try Self.configuration(), to: "web.yml")
    let security = try ServerSecurity(
      configurationFile: files.path + "/web.yml", interval: .seconds(1),
      passwords: PasswordChecker(limits: limits), logger: TestServer.logger)
    try await TestServer.run([:], security: security) { server in
      let response = try await TestClient.get(
        "/", port: server.port, headers: field("YWxpY2U6c2VjcmV0"))
      #expect(response.status == 429)
      #expect(response.headers["retry-after"] == "5")
    }
  }

  @Test func `header fields of the configuration are on every answer that has not its own`()
    async throws
  {
    let configuration = """
      http_server_config:
        headers:
          Content-Security-Policy: frame-ancestors 'none'
          Strict-Transport-Security: max-age=600
          X-Content-Type-Options: nosniff
          X-Frame-Options: deny

      """
    try await SecureServer.run(configuration + (try Self.configuration())) { server in
      for (path, headers) in [("/", []), ("/nowhere", field("YWxpY2U6c2VjcmV0"))] {
        let response = try await TestClient.get(path, port: server.port, headers: headers)
        #expect(response.headers["content-security-policy"] == "frame-ancestors 'none'")
        #expect(response.headers["strict-transport-security"] == "max-age=600")
        #expect(response.headers["x-frame-options"] == "deny")
        #expect(response.head.count { $0.lowercased() == "x-content-type-options: nosniff" } == 1)
      }
      let own = try await TestClient.get(
        "/own", port: server.port, headers: field("YWxpY2U6c2VjcmV0"))
      #expect(own.headers["content-security-policy"] == "default-src 'none'")
    }
  }
}

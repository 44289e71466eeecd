import Testing

@testable import WebConfiguration

@Suite struct WebConfigurationTests {
  static let hash = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"

  private func parse(_ text: String, path: String = "web.yml") throws -> WebConfiguration {
    try WebConfiguration(parsing: Array(text.utf8), path: path)
  }

  @Test func `the sample of the toolkit is understood`() throws {
    let configuration = try parse(
      """
      # TLS and basic authentication configuration example.
      #
      # Additionally, a certificate and a key file are needed.
      tls_server_config:
        cert_file: server.crt
        key_file: server.key

      # Usernames and passwords required to connect.
      basic_auth_users:
        alice: \(Self.hash)
        bob: $2y$10$hLqFl9jSjoAAy95Z/zw8Ye8wkdMBM8c5Bn1ptYqP/AXyV0.oy0S8m
      """)
    let tls = try #require(configuration.tls)
    #expect(tls.certificate.value == .file(path: "server.crt"))
    #expect(tls.certificate.position == TextPosition(line: 5, column: 14))
    #expect(tls.key.value == .file(path: "server.key"))
    #expect(tls.minVersion == .tls12)
    #expect(tls.maxVersion == .tls13)
    #expect(tls.clientAuthentication == .none)
    #expect(tls.cipherSuites.isEmpty && tls.groups.isEmpty && tls.allowedClientNames.isEmpty)
    #expect(configuration.users.keys.sorted() == ["alice", "bob"])
    #expect(configuration.users["alice"]?.text == Self.hash)
    #expect(configuration.headers.isEmpty)
  }

  @Test func `every setting of the toolkit is understood`() throws {
    let configuration = try parse(
      """
      tls_server_config: {
        cert: "-----BEGIN", key: key, client_ca_file: ../ca/clients.pem,
        client_auth_type: RequireAndVerifyClientCert,
        client_allowed_sans: [prometheus.example, 10.0.0.1],
        min_version: TLS10, max_version: TLS12, prefer_server_cipher_suites: false,
        cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256],
        curve_preferences: [CurveP384, X25519]}
      http_server_config:
        http2: yes
        headers:
          Content-Security-Policy: default-src 'none'
          X-Frame-Options: deny
          X-Content-Type-Options: nosniff
          X-XSS-Protection: ""
          Strict-Transport-Security: max-age=31536000; includeSubDomains
      """, path: "/etc/exporter/web.yml")
    let tls = try #require(configuration.tls)
    #expect(tls.certificate.value == .inline(Array("-----BEGIN".utf8)))
    #expect(tls.clientAuthority?.value == .file(path: "/etc/exporter/../ca/clients.pem"))
    #expect(tls.clientAuthentication == .requireAndVerify)
    #expect(tls.allowedClientNames == ["prometheus.example", "10.0.0.1"])
    #expect(tls.minVersion == .tls10 && tls.maxVersion == .tls12)
    #expect(tls.cipherSuites == [.ecdheRSAWithAES256GCM, .aes128GCM])
    #expect(tls.groups == [.p384, .x25519])
    #expect(tls.files == ["/etc/exporter/../ca/clients.pem"])
    #expect(
      configuration.headers.map { "\($0.name): \($0.value)" } == [
        "Content-Security-Policy: default-src 'none'", "X-Frame-Options: deny",
        "X-Content-Type-Options: nosniff",
        "Strict-Transport-Security: max-age=31536000; includeSubDomains",
      ])
  }

  @Test(arguments: [
    "", "\n", "# nothing\n", "---\n...\n", "~", "null", "{}", "tls_server_config:\n",
    "tls_server_config: {}\nbasic_auth_users:\nhttp_server_config: ~\n",
    "http_server_config: {headers: , http2: False}",
  ])
  func `what says nothing is plain HTTP for everybody`(text: String) throws {
    let configuration = try parse(text)
    #expect(configuration.tls == nil)
    #expect(configuration.users.isEmpty && configuration.headers.isEmpty)
  }

  @Test(arguments: [
    ("{interval: 1s, burst: 5}", RateLimit(interval: .seconds(1), burst: 5)),
    ("{interval: \"1m1.5s\", burst: 1}", RateLimit(interval: .milliseconds(61_500), burst: 1)),
    ("{interval: 2h.5m}", RateLimit(interval: .seconds(7230), burst: 0)),
    ("{interval: 100, burst: 2}", RateLimit(interval: .nanoseconds(100), burst: 2)),
    ("{interval: 0, burst: 5}", nil), ("{interval: 0s}", nil), ("{interval: -1s, burst: 1}", nil),
    ("{burst: 5}", nil), ("{}", nil), ("~", nil),
  ])
  func `rate_limit is the toolkit's`(text: String, limit: RateLimit?) throws {
    #expect(try parse("rate_limit: \(text)\n").rateLimit == limit)
  }

  @Test func `an alias stands for what its anchor stands at`() throws {
    let configuration = try parse(
      """
      tls_server_config:
        cert_file: &file both.pem
        key_file: *file
        client_auth_type: RequestClientCert
        client_allowed_sans: &names [a, &b b, *b]
        curve_preferences: []
      basic_auth_users:
        alice: &hash \(Self.hash)
        bob: *hash
        *b : *hash
      """)
    #expect(configuration.tls?.key.value == .file(path: "both.pem"))
    #expect(configuration.tls?.key.position == TextPosition(line: 3, column: 13))
    #expect(configuration.tls?.allowedClientNames == ["a", "b", "b"])
    #expect(configuration.users.keys.sorted() == ["alice", "b", "bob"])
  }

  @Test func `only a text without content is empty`() throws {
    #expect(try parse("# nothing\n").isEmpty)
    #expect(try !parse("basic_auth_users:\n").isEmpty)
  }

  @Test(arguments: [
    ("web.yml", "tls.crt", "tls.crt"), ("/etc/web.yml", "tls.crt", "/etc/tls.crt"),
    ("./conf/web.yml", "../tls.crt", "./conf/../tls.crt"), ("/web.yml", "tls.crt", "/tls.crt"),
    ("/etc/web.yml", "/run/tls.crt", "/run/tls.crt"),
  ])
  func `a relative path is relative to the configuration`(
    configuration: String, file: String, path: String
  ) throws {
    let text = "tls_server_config: {cert_file: \(file), key_file: /k}"
    #expect(try parse(text, path: configuration).tls?.files == [path, "/k"])
  }

  @Test func `users may be called anything but what has a colon`() throws {
    let names = ["Jürgen", "null", "1", "two words", "=", "", "✓"]
    let lines = names.map { "  \"\($0)\": \(Self.hash)\n" }
    let users = try parse("basic_auth_users:\n" + lines.joined()).users
    #expect(Set(users.keys) == Set(names))
  }
}

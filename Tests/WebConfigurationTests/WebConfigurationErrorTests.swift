import Testing

@testable import WebConfiguration

@Suite struct WebConfigurationErrorTests {
  /// A text, and what is said of it.
  struct Wrong: CustomTestStringConvertible {
    let text: String
    let message: String

    init(_ text: String, _ message: String) {
      self.text = text
      self.message = message
    }

    var testDescription: String { message }
  }

  private static let pair = "  cert_file: a\n  key_file: b\n"
  private static let hash = WebConfigurationTests.hash

  /// Lists of ten of the list before, which begins with ten texts.
  private static let laughs =
    "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + zip("abcde", "bcdef").map {
      "\($1): &\($1) [\(Array(repeating: "*\($0)", count: 10).joined(separator: ", "))]\n"
    }
    .joined()

  private func expect(_ wrong: Wrong) {
    let error = #expect(throws: ConfigurationError.self) {
      try WebConfiguration(parsing: Array(wrong.text.utf8), path: "dir/web.yml")
    }
    #expect(error?.description == "dir/web.yml:" + wrong.message)
  }

  @Test(arguments: [
    Wrong("a: [", "2:1: not YAML: did not find expected node content"),
    Wrong("a: 'b", "1:6: not YAML: found unexpected end of stream"),
    Wrong("a: b: c", "1:5: not YAML: mapping values are not allowed in this context"),
    Wrong("\tx: 1", "1:1: not YAML: found character that cannot start any token"),
    Wrong("a: 1\nü: \u{7}", "2:4: control characters are not allowed"),
    Wrong("a: &x 1\nb: *y", "2:4: there is no anchor \"y\" before this alias"),
    Wrong("a: &x [*x]", "1:8: there is no anchor \"x\" before this alias"),
    Wrong(laughs, "5:36: more than 100000 values, copies by aliases included"),
    Wrong(
      "a: &x 1\n*x : 2\n? &y b\n: 3\n*y : 4", "5:1: the key \"b\" is given twice, first in line 3"),
    Wrong("a: !!str 1", "1:4: tags are not supported"),
    Wrong("? [a]\n: b", "1:3: a key must be text"),
    Wrong("a: 1\n---\nb: 1", "2:1: a second document, where one is expected"),
    Wrong(String(repeating: "[", count: 99), "1:17: nested too deeply"),
    Wrong("just text", "1:1: the configuration must be a mapping, not a single value"),
    Wrong("- a", "1:1: the configuration must be a mapping, not a list"),
    Wrong(
      "tls_server_config:\n\(pair)tls_server_config:\n",
      "4:1: the key \"tls_server_config\" is given twice, first in line 1"),
    Wrong(
      "basic_auth_users:\n  a: \(hash)\n  b: \(hash)\n  a: \(hash)\n",
      "4:3: the key \"a\" is given twice, first in line 2"),
  ])
  func `what is not the YAML of a configuration is refused`(wrong: Wrong) {
    expect(wrong)
  }

  @Test func `what is not UTF-8 is refused`() {
    let bytes = Array("basic_auth_users:\n  é: ".utf8) + [0xff, 0x0a]
    let error = #expect(throws: ConfigurationError.self) {
      try WebConfiguration(parsing: bytes, path: "web.yml")
    }
    #expect(error?.description == "web.yml:2:6: invalid leading UTF-8 octet")
  }

  @Test(arguments: [
    Wrong(
      "rest:\n  x: 1\n",
      "1:1: unknown key \"rest\" in the configuration "
        + "(known: tls_server_config, http_server_config, rate_limit, basic_auth_users)"),
    Wrong(
      "rate_limit:\n  rate: 1\n", "2:3: unknown key \"rate\" in rate_limit (known: interval, burst)"
    ),
    Wrong(
      "rate_limit:\n  interval: soon\n",
      "2:13: interval must be a time such as 100ms or 1m30s, not \"soon\""),
    Wrong(
      "rate_limit:\n  interval: 1.5\n",
      "2:13: interval must be a time such as 100ms or 1m30s, not \"1.5\""),
    Wrong("rate_limit:\n  burst: \"2\"\n", "2:10: burst must be a whole number, not \"2\""),
    Wrong(
      "http_server_config:\n  http2: \"true\"\n",
      "2:10: http2 must be true or false, not the text \"true\""),
    Wrong(
      "tls_server_config:\n\(pair)  prefer_server_cipher_suites: 'no'\n",
      "4:32: prefer_server_cipher_suites must be true or false, not the text \"no\""),
    Wrong(
      "http_server_config:\n  http3: true\n",
      "2:3: unknown key \"http3\" in http_server_config (known: http2, headers)"),
    Wrong(
      "http_server_config:\n  http2: maybe\n",
      "2:10: http2 must be true or false, not \"maybe\""),
    Wrong(
      "http_server_config:\n  headers: [a]\n", "2:12: headers must be a mapping, not a list"),
    Wrong(
      "http_server_config:\n  headers:\n    Server: x\n",
      "3:5: the header \"Server\" can't be configured (known: Content-Security-Policy, "
        + "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection)"),
    Wrong(
      "http_server_config:\n  headers:\n    X-Frame-Options: allow\n",
      "3:22: the header X-Frame-Options can't be \"allow\" (known: deny, sameorigin)"),
    Wrong(
      "http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n",
      "3:29: the header X-Content-Type-Options can't be \"sniff\" (known: nosniff)"),
    Wrong(
      "http_server_config:\n  headers:\n    X-XSS-Protection: \"1\\r\\nSet-Cookie: a=b\"\n",
      "3:23: the header X-XSS-Protection has a control character"),
    Wrong(
      "http_server_config:\n  headers:\n    Content-Security-Policy: |\n      a\n",
      "3:30: the header Content-Security-Policy has a control character"),
    Wrong(
      "basic_auth_users: alice", "1:19: basic_auth_users must be a mapping, not a single value"),
    Wrong(
      "basic_auth_users:\n  alice: secret\n",
      "2:10: the password hash of user \"alice\" is not a bcrypt hash ($2a$, $2b$ or $2y$)"),
    Wrong(
      "basic_auth_users:\n  alice:\n",
      "2:9: the password hash of user \"alice\" is not a bcrypt hash ($2a$, $2b$ or $2y$)"),
    Wrong(
      "basic_auth_users:\n  alice: [a]\n",
      "2:10: the hash of user \"alice\" must be a single value, not a list"),
    Wrong(
      "basic_auth_users:\n  a:b: \(hash)\n",
      "2:3: the user \"a:b\" has a colon in the name: nobody can log in"),
  ])
  func `what can't be configured is refused`(wrong: Wrong) {
    expect(wrong)
  }

  @Test(arguments: [
    Wrong(
      "tls_server_config:\n  cert_fil: a\n",
      "2:3: unknown key \"cert_fil\" in tls_server_config (known: cert, key, client_ca, cert_file, "
        + "key_file, client_ca_file, client_auth_type, client_allowed_sans, min_version, "
        + "max_version, cipher_suites, prefer_server_cipher_suites, curve_preferences)"),
    Wrong(
      "tls_server_config:\n  key_file: a\n", "2:3: tls_server_config needs cert_file (or cert)"),
    Wrong(
      "tls_server_config:\n  cert_file: a\n", "2:3: tls_server_config needs key_file (or key)"),
    Wrong(
      "tls_server_config:\n  min_version: TLS13\n",
      "2:3: tls_server_config needs cert_file (or cert)"),
    Wrong(
      "tls_server_config:\n\(pair)  cert: x\n", "2:14: cert_file and cert exclude each other"),
    Wrong(
      "tls_server_config:\n  cert_file: \"a\\0b\"\n  key_file: b\n", "2:14: cert_file is no path"),
    Wrong(
      "tls_server_config:\n  cert_file: [a]\n",
      "2:14: cert_file must be a single value, not a list"),
    Wrong(
      "tls_server_config:\n\(pair)  min_version: TLS1.2\n",
      "4:16: min_version can't be \"TLS1.2\" (known: TLS10, TLS11, TLS12, TLS13)"),
    Wrong(
      "tls_server_config:\n\(pair)  max_version: TLS11\n",
      "4:16: max_version TLS11 is below min_version TLS12"),
    Wrong(
      "tls_server_config:\n\(pair)  curve_preferences:\n  - X25519\n  - CurveP224\n",
      "6:5: curve_preferences can't be \"CurveP224\" "
        + "(known: CurveP256, CurveP384, CurveP521, X25519, X25519MLKEM768)"),
    Wrong(
      "tls_server_config:\n\(pair)  curve_preferences: X25519\n",
      "4:22: curve_preferences must be a list, not a single value"),
    Wrong(
      "tls_server_config:\n\(pair)  max_version: TLS12\n"
        + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
      "5:18: cipher_suites has none for TLS12"),
  ])
  func `TLS that can't be is refused`(wrong: Wrong) {
    expect(wrong)
  }

  @Test func `an unknown cipher suite is refused, and the known ones are told`() {
    let text = "tls_server_config:\n\(Self.pair)  cipher_suites:\n    - TLS_RSA_WITH_RC4_128_SHA\n"
    let error = #expect(throws: ConfigurationError.self) {
      try WebConfiguration(parsing: Array(text.utf8), path: "web.yml")
    }
    #expect(error?.position == TextPosition(line: 5, column: 7))
    let reason = error?.reason ?? ""
    #expect(reason.hasPrefix("cipher_suites can't be \"TLS_RSA_WITH_RC4_128_SHA\" (known: TLS_"))
    #expect(reason.contains("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"))
  }

  @Test(arguments: [
    Wrong(
      "tls_server_config:\n\(pair)  client_auth_type: Always\n",
      "4:21: client_auth_type can't be \"Always\" (known: NoClientCert, RequestClientCert, "
        + "RequireClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, "
        + "RequireAndVerifyClientCert)"),
    Wrong(
      "tls_server_config:\n\(pair)  client_ca_file: ca.pem\n",
      "4:19: a client authority is of no use without a client_auth_type"),
    Wrong(
      "tls_server_config:\n\(pair)  client_auth_type: RequireAnyClientCert\n"
        + "  client_allowed_sans: []\n",
      "5:24: client_allowed_sans has no name"),
  ])
  func `client certificates that could not be checked are refused`(wrong: Wrong) {
    expect(wrong)
  }
}

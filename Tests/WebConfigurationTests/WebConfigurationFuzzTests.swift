import TestSupport
import Testing
import WebConfiguration

@Suite struct WebConfigurationFuzzTests {
  private static let text = """
    tls_server_config:
      cert_file: "server.crt"
      key_file: 'server.key'
      client_auth_type: RequireAndVerifyClientCert
      client_ca: |
        -----BEGIN CERTIFICATE-----
      client_allowed_sans: [a, "b\\x63"]
    http_server_config: {http2: true, headers: {X-Frame-Options: deny}}
    basic_auth_users:
      ü: \(WebConfigurationTests.hash)
    """

  /// YAML has more ends of a line than one: CR, and in UTF-8 the last bytes of NEL, LS and PS.
  private static func mostLines(in bytes: [UInt8]) -> Int {
    bytes.count { [0x0a, 0x0d, 0x85, 0xa8, 0xa9].contains($0) } + 2
  }

  @Test func `whatever is in the file, it is a configuration or a place of an error`() {
    var generator = SplitMix64(seed: 1)
    let bytes = Array(Self.text.utf8)
    for _ in 1...5_000 {
      var changed = bytes
      for _ in 0...Int.random(in: 0...3, using: &generator) {
        let index = Int.random(in: 0..<changed.count, using: &generator)
        switch Int.random(in: 0...3, using: &generator) {
        case 0: changed[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: changed.removeSubrange(index...)
        case 2: changed.insert(Array("\n:-[]{},#&*!|>'\" \t?".utf8).randomElement() ?? 0, at: index)
        default: changed.swapAt(index, changed.indices.randomElement() ?? 0)
        }
        if changed.isEmpty { break }
      }
      do throws(ConfigurationError) {
        _ = try WebConfiguration(parsing: changed, path: "web.yml")
      } catch {
        let position = error.position
        #expect(position.map { $0.line > 0 && $0.column > 0 } ?? false)
        #expect(position.map { $0.line <= Self.mostLines(in: changed) } ?? false)
      }
    }
  }
}

extension TLSSettings {
  private static let keys = [
    "cert", "key", "client_ca", "cert_file", "key_file", "client_ca_file", "client_auth_type",
    "client_allowed_sans", "min_version", "max_version", "cipher_suites",
    "prefer_server_cipher_suites", "curve_preferences",
  ]

  /// Reads `tls_server_config`; `nil` where it says nothing, which means plain HTTP.
  ///
  /// - Throws: ``TextFault`` where it asks for what can't be, or for TLS without a certificate.
  static func parse(
    _ node: YAMLNode?, relativeTo directory: String
  ) throws(TextFault) -> TLSSettings? {
    let section = try Section(node, named: "tls_server_config", keys: keys)
    guard let node, !section.isEmpty else { return nil }
    guard let certificate = try section.source("cert", relativeTo: directory) else {
      throw TextFault(at: node.position, "tls_server_config needs cert_file (or cert)")
    }
    guard let key = try section.source("key", relativeTo: directory) else {
      throw TextFault(at: node.position, "tls_server_config needs key_file (or key)")
    }
    let versions = try section.versions()
    // Of no effect, as in Go: among what both sides can do, the client's preference decides.
    _ = try section.boolean("prefer_server_cipher_suites")
    let authentication: ClientAuthentication = try section.choice("client_auth_type") ?? .none
    return TLSSettings(
      certificate: certificate, key: key, clientAuthentication: authentication,
      clientAuthority: try section.authority(for: authentication, relativeTo: directory),
      allowedClientNames: try section.allowedNames(),
      minVersion: versions.lowerBound, maxVersion: versions.upperBound,
      cipherSuites: try section.cipherSuites(for: versions),
      groups: try section.choices("curve_preferences"))
  }
}

extension Section {
  /// What `name` gives inline, or `name_file` as a path.
  fileprivate func source(
    _ name: String, relativeTo directory: String
  ) throws(TextFault) -> Positioned<TLSSettings.Source>? {
    let inline = try text(name)
    guard let file = try text(name + "_file") else {
      return inline.map { Positioned(.inline(Array($0.value.utf8)), at: $0.position) }
    }
    if inline != nil {
      throw TextFault(at: file.position, "\(name)_file and \(name) exclude each other")
    }
    guard !file.value.utf8.contains(0) else {
      throw TextFault(at: file.position, "\(name)_file is no path")
    }
    let path = file.value.hasPrefix("/") ? file.value : directory + file.value
    return Positioned(.file(path: path), at: file.position)
  }

  fileprivate func versions() throws(TextFault) -> ClosedRange<TLSProtocolVersion> {
    let least: TLSProtocolVersion = try choice("min_version") ?? .tls12
    let greatest: TLSProtocolVersion = try choice("max_version") ?? .tls13
    guard least <= greatest else {
      throw TextFault(
        at: node("max_version")?.position ?? node("min_version")?.position ?? .start,
        "max_version \(greatest.rawValue) is below min_version \(least.rawValue)")
    }
    return least...greatest
  }

  /// The authority, which must not be given where it is of no use.
  fileprivate func authority(
    for authentication: ClientAuthentication, relativeTo directory: String
  ) throws(TextFault) -> Positioned<TLSSettings.Source>? {
    let authority = try source("client_ca", relativeTo: directory)
    if let authority, authentication == .none {
      throw TextFault(
        at: authority.position, "a client authority is of no use without a client_auth_type")
    }
    return authority
  }

  fileprivate func allowedNames() throws(TextFault) -> [String] {
    let names = try texts("client_allowed_sans")
    if let node = node("client_allowed_sans") {
      // An empty list could be read as nobody and as anybody.
      guard !names.isEmpty else {
        throw TextFault(at: node.position, "client_allowed_sans has no name")
      }
    }
    return names.map(\.value)
  }

  fileprivate func cipherSuites(
    for versions: ClosedRange<TLSProtocolVersion>
  ) throws(TextFault) -> [CipherSuite] {
    let suites: [CipherSuite] = try choices("cipher_suites")
    if !suites.isEmpty, suites.allSatisfy(\.isTLS13), versions.upperBound < .tls13 {
      throw TextFault(
        at: node("cipher_suites")?.position ?? .start,
        "cipher_suites has none for \(versions.upperBound.rawValue)")
    }
    return suites
  }
}

extension TextPosition {
  fileprivate static let start = TextPosition(line: 1, column: 1)
}

extension DecodedRule {
  /// What iptables-save prints behind `-A CHAIN `.
  ///
  /// - What iptables-legacy 1.8.9 leaves out is left out: `! -i +`, which iptables-nft prints, `! -p 0`,
  ///   and the inverted range of all ports of `tcp` and `udp`.
  /// - A match or target that isn't known has its options where the rule was read from a saved file.
  ///   Read from the kernel it has them where ``ExtensionText`` knows its struct, else it stands as
  ///   `NAME [unrecognised, N bytes, DIGEST]`.
  /// - Protocols have their names in Debian's `/etc/protocols`.
  public func line(_ family: IPFamily) -> ArraySlice<UInt8> {
    var line = RuleLine(family: family)
    for match in matches { match.write(to: &line) }
    target.write(to: &line)
    return line.bytes.dropFirst()
  }
}

extension Unrecognised {
  /// The name, and what is known of the options.
  func write(to line: inout RuleLine, as role: Role) {
    line.word(name)
    if isText, !payload.isEmpty {
      line.word(payload)
    } else if let options = options(as: role, line.family) {
      line.append(options)
    } else if !payload.isEmpty {
      line.word("[unrecognised, \(size) bytes, \(digest.digits(16))]")
    }
  }

  /// 64 bits of the revision and the kernel's bytes, by FNV-1a.
  private var digest: UInt64 {
    ([revision] + payload).reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// A blank and the options, where the kernel's bytes are known.
  func options(as role: Role, _ family: IPFamily) -> [UInt8]? {
    switch role {
    case .match: ExtensionText.match(self, family: family)
    case .target: ExtensionText.target(self, family: family)
    }
  }
}

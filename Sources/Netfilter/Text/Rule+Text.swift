extension Rule {
  /// `-A CHAIN …` as iptables-save prints it, without counters.
  ///
  /// Bytes that are not UTF-8 are replaced; ``bytes(in:family:)`` has them as they are.
  public func text(in chain: ChainName, family: IPFamily) -> String {
    String(decoding: bytes(in: chain, family: family), as: UTF8.self)
  }

  /// The same byte for byte: a comment, or a name, may hold any bytes, a line's end among them.
  ///
  /// - What iptables-legacy 1.8.9 leaves out is left out: `! -i +`, which iptables-nft prints, `! -p 0`,
  ///   and the inverted range of all ports of `tcp` and `udp`.
  /// - A match or target that isn't known has its options where the rule was read from a saved file.
  ///   Read from the kernel it has them where ``ExtensionText`` knows its struct, else it stands as
  ///   `NAME [unrecognised, N bytes]`.
  /// - `-j CT` without options stands as `-j NOTRACK`, which means more and is written more often,
  ///   unless it was read from a kernel that tells them apart.
  /// - Protocols have their names in Debian's `/etc/protocols`.
  public func bytes(in chain: ChainName, family: IPFamily) -> [UInt8] {
    var line = RuleLine(family: family)
    line.append("-A ")
    line.append(chain.bytes)
    for match in matches { match.write(to: &line) }
    target.write(to: &line)
    return line.bytes
  }
}

extension Unrecognised {
  /// The name, and what is known of the options.
  func write(to line: inout RuleLine, as role: Role) {
    line.word(name)
    if isOptionText {
      line.word(payload)
    } else if let options = options(as: role, line.family) {
      line.append(options)
    } else if !payload.isEmpty {
      line.word("[unrecognised, \(size) bytes]")
    }
  }

  /// A blank and the options, where the kernel's bytes are known.
  func options(as role: Role, _ family: IPFamily) -> [UInt8]? {
    switch role {
    case .match: ExtensionText.match(self, family: family)
    case .target: ExtensionText.target(self, family: family)
    }
  }

  /// Whether the payload is text: it begins as an option does, or as what iptables-save prints in
  /// place of options that it doesn't know either; and it has no zero byte, which hardly any of the
  /// kernel's structs is without.
  var isOptionText: Bool {
    guard revision == 0, !payload.contains(0) else { return false }
    let option = payload.starts(with: "! ".utf8) ? payload.dropFirst(2) : payload[...]
    return option.starts(with: "--".utf8) || option.starts(with: "[unsupported revision]".utf8)
  }
}

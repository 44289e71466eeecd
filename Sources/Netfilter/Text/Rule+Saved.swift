extension Rule {
  /// The rule as a saved file has it, so that a rule of the kernel equals the one that iptables-save
  /// printed of it.
  ///
  /// What stays unrecognised has its options' text in place of the kernel's bytes, where that is known.
  /// What iptables-legacy up to 1.8.10 leaves out is left out: `! -i +`, the inverted range of all ports
  /// and flags behind an empty mask. Newer versions print the first two, so a file's rule must be taken
  /// this way as well before it is compared with the kernel's.
  public func asSaved(family: IPFamily) -> Rule {
    var rule = replacingUnrecognised { $0.asSaved($1, family) }
    rule.matches = rule.matches.compactMap(\.asSaved)
    return rule
  }
}

extension Match {
  /// Nil where nothing is printed of it.
  fileprivate var asSaved: Match? {
    switch self {
    case .inputInterface(let match), .outputInterface(let match):
      return match.isPrefix && match.name.bytes.isEmpty ? nil : self
    case .tcp(var match):
      match.source = match.source.asSaved
      match.destination = match.destination.asSaved
      if match.flagMask == 0, !match.flagsInverted { match.flagsSet = 0 }
      return .tcp(match)
    case .udp(let match):
      return .udp(
        UDPMatch(source: match.source.asSaved, destination: match.destination.asSaved))
    default: return self
    }
  }
}

extension PortRange {
  fileprivate var asSaved: PortRange { first == 0 && last == .max ? .any : self }
}

extension Unrecognised {
  fileprivate func asSaved(_ role: Role, _ family: IPFamily) -> Unrecognised? {
    guard !isOptionText, let options = options(as: role, family) else { return nil }
    // Without the blank before them.
    return Unrecognised(name: name, payload: Array(options.dropFirst()))
  }
}

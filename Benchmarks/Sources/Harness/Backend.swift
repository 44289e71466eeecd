package import RulesetGenerator

/// One of the two places in the kernel where iptables keeps rules.
package enum Backend: String, CaseIterable, Sendable {
  case legacy
  case nft

  /// Loads a text, as iptables-restore takes it, into the namespace that this program runs in.
  ///
  /// - Parameter flags: such as `--noflush`.
  /// - Throws: `HarnessError` where iptables-restore refuses it.
  package func restore(_ text: MemoryFile, _ family: AddressFamily, _ flags: [String] = []) throws {
    let program = family == .ipv4 ? "iptables" : "ip6tables"
    try ChildProcess(["\(program)-\(rawValue)-restore", "--wait"] + flags, input: text)
      .waitForSuccess()
  }
}

public import Netfilter

/// `iptables-nft-restore` and its like, in this thread's network namespace.
public enum NFTCommands {
  /// Loads a dump, counters included.
  public static func restore(
    _ text: [UInt8], _ family: IPFamily = .ipv4, keepingOthers: Bool = false
  ) throws(Command.Failure) {
    let program = family == .ipv4 ? "iptables-nft-restore" : "ip6tables-nft-restore"
    if keepingOthers {
      try Command.run(program, "-c", "--noflush", input: text)
    } else {
      try Command.run(program, "-c", input: text)
    }
  }

  /// Runs a script of `nft`.
  public static func run(_ script: String) throws(Command.Failure) {
    try Command.run("nft", "-f", "-", input: Array(script.utf8))
  }
}

/// `iptables-legacy-restore` and its like, in this thread's network namespace.
public enum LegacyCommands {
  /// Loads a dump, counters included.
  public static func restore(
    _ text: [UInt8], _ family: IPFamily = .ipv4
  ) throws(Command.Failure) {
    let program = family == .ipv4 ? "iptables-legacy-restore" : "ip6tables-legacy-restore"
    // The lock is the machine's, and other tests load rules too.
    try Command.run(program, "-c", "-w", "60", input: text)
  }
}

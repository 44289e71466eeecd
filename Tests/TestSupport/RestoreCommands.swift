public import Netfilter

/// `iptables-nft-restore` and its like, in this thread's network namespace.
public enum NFTCommands {
  /// Loads a dump, counters included.
  public static func restore(
    _ text: [UInt8], _ family: IPFamily = .ipv4, keepingOthers: Bool = false
  ) throws(Command.Failure) {
    let program = family == .ipv4 ? "iptables-nft-restore" : "ip6tables-nft-restore"
    AccountingObjects.add(for: text)
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
    _ text: [UInt8], _ family: IPFamily = .ipv4, keepingOthers: Bool = false
  ) throws(Command.Failure) {
    let program = family == .ipv4 ? "iptables-legacy-restore" : "ip6tables-legacy-restore"
    AccountingObjects.add(for: text)
    // The lock is the machine's, and other tests load rules too.
    if keepingOthers {
      try Command.run(program, "-c", "-w", "60", "--noflush", input: text)
    } else {
      try Command.run(program, "-c", "-w", "60", input: text)
    }
  }
}

/// The objects that `-m nfacct` counts in, which a kernel wants to have before the rules.
private enum AccountingObjects {
  /// Adds those that a dump names.
  static func add(for text: [UInt8]) {
    let words = text.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    let option = Array("--nfacct-name".utf8)[...]
    let names = zip(words, words.dropFirst()).filter { $0.0 == option }.map(\.1)
    for name in Set(names) {
      // An object that is there already can't be added again.
      _ = try? Command.run("nfacct", "add", String(decoding: name, as: UTF8.self))
    }
  }
}

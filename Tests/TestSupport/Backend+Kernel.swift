public import IPTablesSource
public import Netfilter

/// Of this thread's network namespace.
extension Backend {
  /// Makes the tables in the text those of the kernel, counters included.
  ///
  /// - Parameter keepingOthers: Whether rules of these tables in other chains stay.
  public func load(
    _ text: [UInt8], _ family: IPFamily = .ipv4, keepingOthers: Bool = false
  ) throws(Command.Failure) {
    switch self {
    case .legacy: try LegacyCommands.restore(text, family, keepingOthers: keepingOthers)
    case .nft: try NFTCommands.restore(text, family, keepingOthers: keepingOthers)
    }
  }

  /// What the backend's iptables-save prints of a table.
  public func save(_ table: TableName, _ family: IPFamily) throws(Command.Failure) -> [UInt8] {
    let program = family == .ipv4 ? "iptables" : "ip6tables"
    return try Command.run("\(program)-\(rawValue)-save", "-t", table.rawValue)
  }

  /// The backend's reader.
  public func source(
    tables: Set<TableName>, families: Set<IPFamily> = Set(IPFamily.allCases)
  ) -> any RulesetSource {
    switch self {
    case .legacy: LegacySource(tables: tables, families: families)
    case .nft: NFTSource(tables: tables, families: families)
    }
  }
}

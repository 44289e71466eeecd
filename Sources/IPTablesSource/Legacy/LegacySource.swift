private import CIPTables
private import Glibc
public import Netfilter
private import Platform
private import XTables

/// Reads the kernel's legacy tables of this thread's network namespace through libiptc.
///
/// Takes no lock and creates nothing: a table that isn't loaded is reported as absent. Needs
/// CAP_NET_RAW for libiptc's socket and CAP_NET_ADMIN to read.
public final class LegacySource: RulesetSource {
  private let families: [IPFamily]
  private let tables: Set<TableName>
  private let signs: NodeSigns
  private var readers: [TableIdentity: LegacyTableReader] = [:]
  private let sets: SetNames
  private let xtables: XTables
  /// As the last reading found it.
  private var state = LegacyState()
  /// Whether the mangle table has one of the hints.
  private var hints: [IPFamily: Bool] = [:]

  public init(
    tables: Set<TableName>, families: Set<IPFamily> = Set(IPFamily.allCases),
    signs: NodeSigns = NodeSigns()
  ) {
    let sets = SetNames()
    self.sets = sets
    xtables = XTables { sets.name(of: $0) }
    self.tables = tables
    self.signs = signs
    self.families = families.sorted()
  }

  /// Reads all counters: the kernel hands them over with the rules.
  public func read(_: CounterSelection) -> RulesetReading {
    if sets.renew() { readers.values.forEach { $0.forgetRules() } }
    return RulesetReading(
      families: families.map { family in
        FamilyReading(
          backend: .legacy, family: family,
          result: Result { () throws(ReadingError) in try read(family) })
      }, counters: .ofTables)
  }

  /// Whether the mangle table of either family had one of the hints, at the last reading.
  var hasHint: Bool { hints.values.contains(true) }

  /// Whether a table came, went, or has another number of rules or another size.
  ///
  /// The kernel tells no more without handing over the rules. A rule in whose place another of the same
  /// size stands is seen by the next reading.
  public func mayHaveChanged() -> Bool {
    var now = LegacyState()
    for family in families where (try? now.update(family)) == nil { return false }
    return now != state
  }

  private func read(_ family: IPFamily) throws(ReadingError) -> FamilySnapshot {
    // Looked at before the rules are read: what changes in between shows at the next look.
    let loaded = try state.update(family)
    var snapshots: [TableSnapshot] = []
    for table in tables.intersection(loaded).sorted() {
      let identity = TableIdentity(family: family, table: table)
      let reader =
        readers[identity] ?? LegacyTableReader(family: family, table: table, xtables)
      readers[identity] = reader
      snapshots.append(try reader.read(size: state.tables[identity].map { Int($0.size) }))
    }
    hints[family] = try hasHint(family, snapshots, loaded)
    return FamilySnapshot(
      backend: .legacy, family: family, tables: snapshots,
      absentTables: tables.subtracting(loaded).sorted())
  }

  /// Looks for the hints in mangle, which need not be among the tables that are read.
  private func hasHint(
    _ family: IPFamily, _ snapshots: [TableSnapshot], _ loaded: Set<TableName>
  ) throws(ReadingError) -> Bool {
    if let mangle = snapshots.first(where: { $0.name == .mangle }) {
      return mangle.content.chains.contains { signs.hints.contains($0.name) }
    }
    guard !signs.hints.isEmpty, loaded.contains(.mangle) else { return false }
    var isThere = false
    let handle = try TableHandle(family: family, table: .mangle)
    unsafe handle.forEachChain { name in
      let name = unsafe KernelBytes(cString: name).chainName
      isThere = isThere || signs.hints.contains { $0 == name }
    }
    return isThere
  }
}

/// Which legacy tables exist and how large they are: where it differs from what it was, something
/// changed; where it doesn't, something may have all the same. All of this thread's network namespace.
///
/// Asking for a table that doesn't exist would make the kernel load its module and create it, so the
/// list under /proc is read first. Source: `net/netfilter/x_tables.c`, `xt_table_seq_ops`.
struct LegacyState: Equatable {
  private(set) var tables: [TableIdentity: Information] = [:]

  /// Takes in the state of now; 20 microseconds a table.
  ///
  /// - Returns: the tables that exist.
  /// - Throws: ``ReadingError`` where the kernel doesn't tell.
  mutating func update(_ family: IPFamily) throws(ReadingError) -> Set<TableName> {
    let loaded = try Self.loadedTables(family)
    for table in TableName.allCases {
      tables[TableIdentity(family: family, table: table)] =
        loaded.contains(table) ? Self.information(of: table, family) : nil
    }
    return loaded
  }

  private static func loadedTables(_ family: IPFamily) throws(ReadingError) -> Set<TableName> {
    Set(try listedTables(family))
  }

  /// The names in `/proc/thread-self/net/ip_tables_names` or `ip6_tables_names`, in their order; none where
  /// x_tables itself is not loaded.
  ///
  /// - Throws: `ReadingError` where the file exists and can't be read: it is root's.
  static func listedTables(_ family: IPFamily) throws(ReadingError) -> [TableName] {
    let path = "/proc/thread-self/net/\(family == .ipv4 ? "ip" : "ip6")_tables_names"
    do {
      let text = String(decoding: try FileBytes.read(path), as: UTF8.self)
      return text.split(separator: "\n").compactMap { TableName(rawValue: String($0)) }
    } catch {
      if error == .noSuchFile { return [] }
      throw ReadingError(
        operation: .listTables(family), code: error.code,
        cause: "\(path): \(error); it takes root's user or group, "
          + "with CAP_NET_RAW and CAP_NET_ADMIN")
    }
  }

  /// What the kernel tells of a table without copying a rule.
  struct Information: Hashable {
    /// The number of rules, those of policies and chains' ends included.
    let entries: UInt32
    /// In bytes.
    let size: UInt32
  }

  /// The size of a table; nil where it can't be told.
  ///
  /// C counterpart: `getsockopt` with `IPT_SO_GET_INFO`.
  private static func information(of table: TableName, _ family: IPFamily) -> Information? {
    let domain = family == .ipv4 ? AF_INET : AF_INET6
    let descriptor = socket(domain, Int32(SOCK_RAW.rawValue) | SocketFlag.closeOnExec, rawProtocol)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    // `ip6t_getinfo` has the same layout.
    var info = ipt_getinfo()
    var length = socklen_t(MemoryLayout<ipt_getinfo>.size)
    unsafe withUnsafeMutableBytes(of: &info.name) { name in
      unsafe name.copyBytes(from: table.rawValue.utf8)
    }
    let level = family == .ipv4 ? Int32(IPPROTO_IP) : Int32(IPPROTO_IPV6)
    guard unsafe getsockopt(descriptor, level, getInfo, &info, &length) == 0 else { return nil }
    return Information(entries: info.num_entries, size: info.size)
  }

  private static let rawProtocol = Int32(IPPROTO_RAW)
  /// `IPT_SO_GET_INFO` and `IP6T_SO_GET_INFO`: the first of the options of both.
  private static let getInfo = Int32(IPT_BASE_CTL)
}

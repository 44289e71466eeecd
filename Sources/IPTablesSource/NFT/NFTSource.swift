public import Netfilter
internal import Platform

/// Reads the rules that iptables-nft keeps in the kernel's nf_tables, of the network namespace of the
/// thread that read first.
///
/// It listens to nf_tables' announcements from the first reading on, and reads again only what they
/// name; a rule set of the same generation is not read again at all. Takes no lock, changes nothing,
/// and asks nothing of a kernel that would have to load nf_tables for that. Needs CAP_NET_ADMIN.
public final class NFTSource: RulesetSource {
  private let families: [IPFamily]
  private let tables: Set<TableName>
  private let signs: NodeSigns
  private let open: NetlinkOpening
  private var state = NFTReadingState.closed(nil)
  /// As many as processors are used at the same time; none while the state is closed.
  private var connections: [NFTConnection] = []
  /// Nil where nobody may listen: then each new generation is read whole.
  private var log: NFTEventLog?
  private var readers: [NFTChanges.Identity: NFTTableReader] = [:]
  private let sets = SetNames()
  /// What else was found, of the same generation.
  private(set) var evidence = Evidence()

  /// Whether the last reading failed because the kernel has no nf_tables, and so no rules in it.
  var isAbsent: Bool { state == .closed(.notLoaded) }

  /// Which signs are here, of those that need not be among the tables that are read.
  struct Evidence: Hashable {
    /// Whether the mangle table of either family has one of the hints.
    var hasHint = false
    /// Whether either family has one of the signs' tables.
    var hasTable = false
  }

  public convenience init(
    tables: Set<TableName>, families: Set<IPFamily> = Set(IPFamily.allCases),
    signs: NodeSigns = NodeSigns()
  ) {
    self.init(tables: tables, families: families, signs: signs) { group throws(NFTError) in
      try NetlinkSocket(group: group)
    }
  }

  /// - Parameter open: opens what nf_tables is asked and listened to with.
  init(
    tables: Set<TableName>, families: Set<IPFamily>, signs: NodeSigns,
    open: @escaping NetlinkOpening
  ) {
    self.tables = tables
    self.signs = signs
    self.families = families.sorted()
    self.open = open
  }

  public func read(_ counters: CounterSelection) -> RulesetReading {
    let failure = update(counters)
    let readings = families.map { family in
      FamilyReading(
        backend: .nft, family: family,
        result: failure.map { .failure(ReadingError(family, $0)) } ?? .success(snapshot(of: family))
      )
    }
    return RulesetReading(
      families: readings, node: NodeEvidence(hasTable: evidence.hasTable),
      transactions: log?.counts)
  }

  /// After a failed reading it says no: whoever asks for a reading finds out.
  public func mayHaveChanged() -> Bool {
    guard case .current(let generation) = state else { return false }
    if let log { return log.news != .none }
    return (try? connections[0].generation()) != generation
  }

  private func snapshot(of family: IPFamily) -> FamilySnapshot {
    let present = tables.compactMap { table in
      readers[NFTChanges.Identity(family: family, table: table)]?.snapshot
    }
    return FamilySnapshot(
      backend: .nft, family: family, tables: present,
      absentTables: tables.subtracting(present.map(\.name)).sorted())
  }

  // MARK: Reading

  /// Brings all tables to one generation, and the counters that are wanted to this moment.
  ///
  /// - Returns: why that failed; nil where it succeeded.
  private func update(_ wanted: CounterSelection) -> NFTError? {
    var action = state.readingRequested()
    while true {
      do throws(NFTError) {
        switch action {
        case .open:
          try connect()
          fallthrough
        case .askGeneration:
          // Each connection's gap must be taken.
          let hasGap = connections.reduce(false) { $1.takeGap() || $0 }
          let number = try connections[0].generation()
          action = state.generationReceived(number, log?.news ?? .none, hasGap: hasGap)
        case .renewSetNames:
          let areOthers = sets.renew()
          if areOthers { readers = [:] }
          action = state.setNamesRenewed(areOthers: areOthers)
        case .readAll(let generation):
          log?.discardChanges(upTo: generation)
          action = try readTables(.whole, doubtful: [])
        case .readChanges(let generation, let doubtful):
          let changes = log?.takeChanges(upTo: generation) ?? .whole
          action = try readTables(changes, doubtful: doubtful)
        case .readCounters(let whole):
          try readCounters(wanted, except: whole)
          action = state.countersRead()
        case .finish: return nil
        case .fail(let error):
          connections = []
          if log?.news == .broken(error) { log = nil }
          return error
        }
      } catch { action = state.failed(error) }
    }
  }

  /// Reading takes longer in the kernel than here, and the kernel lets several read at once.
  private static let mostConnections = 4

  private func connect() throws(NFTError) {
    // Before the first generation is asked for, so that no later one is missed.
    if log == nil { log = try? NFTEventLog(open) }
    let count = max(1, min(ProcessLimits.processors, Self.mostConnections))
    connections = try (0..<count).map { _ throws(NFTError) in NFTConnection(try open(nil)) }
  }

  /// Reads what may have changed, and which signs are there.
  private func readTables(
    _ changes: NFTChanges, doubtful: NFTReadingState.Tables
  ) throws(NFTError) -> NFTReadingState.Action {
    var (listed, whole): (NFTReadingState.Tables, NFTReadingState.Tables) = ([], [])
    for family in families {
      var present: (tables: [TableName: UInt64], chains: [TableName: [NFTChain]])?
      for table in tables {
        let identity = NFTChanges.Identity(family: family, table: table)
        let isDoubtful = doubtful.contains(identity)
        guard let change = changes[identity] ?? (isDoubtful ? NFTChanges.Table() : nil) else {
          continue
        }
        if !isDoubtful, try readers[identity]?.read(change, connections) == true { continue }
        if present == nil {
          present = (
            tables: try connections[0].tables(of: family),
            chains: try connections[0].chains(of: family)
          )
        }
        listed.insert(identity)
        guard let handle = present?.tables[table] else {
          readers[identity] = nil
          continue
        }
        let reader = readers[identity] ?? NFTTableReader(family: family, table: table, sets: sets)
        readers[identity] = reader
        let chains = present?.chains[table] ?? []
        if try reader.read(change, in: chains, handle: handle, connections) { continue }
        try reader.readAll(chains, handle: handle, connections)
        whole.insert(identity)
      }
    }
    evidence = try readEvidence()
    return state.tablesRead(listed: listed, whole: whole)
  }

  private func readCounters(
    _ wanted: CounterSelection, except whole: NFTReadingState.Tables
  ) throws(NFTError) {
    for (identity, reader) in readers where !whole.contains(identity) {
      if wanted.contains(.policies) { try reader.readPolicyCounters(connections[0]) }
      if wanted.contains(.rules) {
        try reader.readRuleCounters(connections)
      } else if wanted.contains(.connections) {
        try reader.readConnectionCounters(connections)
      }
    }
  }

  /// Whether either family has one of the signs' tables, for whoever reads no rules of nf_tables; false
  /// where that can't be known.
  func hasTable() -> Bool {
    guard let transport = try? open(nil) else { return false }
    let connection = NFTConnection(transport)
    return families.contains { family in
      signs.tables.contains { (try? connection.hasTable($0, family)) == true }
    }
  }

  private func readEvidence() throws(NFTError) -> Evidence {
    var evidence = Evidence()
    for family in families {
      for name in signs.hints where !evidence.hasHint {
        evidence.hasHint = try connections[0].chain(name.bytes, in: .mangle, family) != nil
      }
      for name in signs.tables where !evidence.hasTable {
        evidence.hasTable = try connections[0].hasTable(name, family)
      }
    }
    return evidence
  }
}

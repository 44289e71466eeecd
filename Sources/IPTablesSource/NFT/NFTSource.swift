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
  /// As many as processors are used at the same time; none before the first reading, or after a failure.
  private var connections: [NFTConnection] = []
  /// Nil where nobody may listen: then each new generation is read whole.
  private var log: NFTEventLog?
  private var readers: [NFTChanges.Identity: NFTTableReader] = [:]
  private let sets = SetNames()
  /// The generation that the readers' tables are of; nil where it isn't known.
  private var generation: UInt32?
  /// Whether announcements don't tell all that changed since the tables were read.
  private var mustReadAll = true
  /// Tables whose list of chains may be wrong, because a transaction came while it was read.
  ///
  /// The kernel goes on with a list where so many chains were passed over, whichever they were; so a
  /// transaction on one table may double or hide another's chains. Rules are asked for chain by chain.
  private var doubtful: Set<NFTChanges.Identity> = []
  /// What else was found, of the same generation.
  private(set) var evidence = Evidence()

  /// Whether the last reading failed because the kernel has no nf_tables, and so no rules in it.
  private(set) var isAbsent = false

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
    let readings: [FamilyReading]
    do throws(NFTError) {
      try update(counters)
      isAbsent = false
      readings = families.map {
        FamilyReading(backend: .nft, family: $0, result: .success(snapshot(of: $0)))
      }
    } catch {
      isAbsent = error == .notLoaded
      connections = []
      generation = nil
      mustReadAll = true
      readings = families.map {
        FamilyReading(backend: .nft, family: $0, result: .failure(ReadingError($0, error)))
      }
    }
    return RulesetReading(
      families: readings, node: NodeEvidence(hasTable: evidence.hasTable),
      transactions: log?.counts)
  }

  /// After a failed reading it says no: whoever asks for a reading finds out.
  public func mayHaveChanged() -> Bool {
    guard let generation, let connection = connections.first else { return false }
    if let log { return log.hasNews }
    return (try? connection.generation()) != generation
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
  private func update(_ wanted: CounterSelection) throws(NFTError) {
    let connection = try connect()
    var contradictions = 0
    for _ in 0..<Self.patience {
      let now = try connection.generation()
      let isComplete = try read(wanted, of: now)
      // An announcement that came while it was read may be of what was half in force then.
      let isCurrent = try connection.generation() == now && log?.hasNews != true
      if let failure = log?.failure {
        log = nil
        throw failure
      }
      generation = isCurrent && isComplete ? now : nil
      if generation != nil {
        doubtful = []
        return
      }
      if isCurrent {
        // No announcement will tell what was missing.
        mustReadAll = true
        contradictions += 1
        if contradictions == Self.mostContradictions { throw .contradictory }
      }
    }
    throw .overtaken
  }

  /// Reads what changed, and the counters that are wanted.
  ///
  /// - Returns: false where something was missing. It went in a transaction, which is announced, or
  ///   nobody knows why.
  private func read(
    _ wanted: CounterSelection, of now: UInt32
  ) throws(NFTError) -> Bool {
    var isComplete = true
    do throws(NFTError) {
      // Whole tables come with their counters.
      let isKnown = now == generation && log?.hasNews != true
      let whole = isKnown ? [] : try readChanges(upTo: now)
      try readCounters(wanted, notOf: whole)
    } catch {
      guard error == .notFound else { throw error }
      isComplete = false
    }
    for connection in connections where connection.takeGap() { isComplete = false }
    return isComplete
  }

  /// How many transactions may come in between before a reading fails.
  private static let patience = 12
  /// How often something may be missing without one. (A generation's number is there a little before its
  /// rules, so that once proves nothing.)
  private static let mostContradictions = 3
  /// Reading takes longer in the kernel than here, and the kernel lets several read at once.
  private static let mostConnections = 4

  /// Opens what isn't open.
  private func connect() throws(NFTError) -> NFTConnection {
    if let first = connections.first { return first }
    // Before the first generation is asked for, so that no later one is missed.
    if log == nil { log = try? NFTEventLog(open) }
    let first = NFTConnection(try open(nil))
    connections = [first]
    for _ in 1..<max(1, min(ProcessLimits.processors, Self.mostConnections)) {
      connections.append(NFTConnection(try open(nil)))
    }
    return first
  }

  /// Reads what changed, and returns the tables that were read whole.
  private func readChanges(
    upTo generation: UInt32
  ) throws(NFTError) -> Set<NFTChanges.Identity> {
    if sets.renew() {
      readers = [:]
      mustReadAll = true
    }
    // What was announced so far is in what is read from here on.
    if mustReadAll { log?.discardChanges(upTo: generation) }
    let changes = mustReadAll ? .whole : log?.takeChanges(upTo: generation) ?? .whole
    mustReadAll = true
    var whole: Set<NFTChanges.Identity> = []
    for family in families { whole.formUnion(try readChanges(changes, of: family)) }
    evidence = try readEvidence()
    mustReadAll = false
    return whole
  }

  private func readChanges(
    _ changes: NFTChanges, of family: IPFamily
  ) throws(NFTError) -> Set<NFTChanges.Identity> {
    var whole: Set<NFTChanges.Identity> = []
    var present: (tables: [TableName: UInt64], chains: [TableName: [NFTChain]])?
    for table in tables {
      let identity = NFTChanges.Identity(family: family, table: table)
      let isDoubtful = doubtful.contains(identity)
      let announced = changes[identity]
      if announced == nil && !isDoubtful { continue }
      let change = announced ?? NFTChanges.Table()
      if !isDoubtful, let reader = readers[identity], try reader.read(change, connections) {
        continue
      }
      if present == nil {
        present = (
          tables: try connections[0].tables(of: family),
          chains: try connections[0].chains(of: family)
        )
      }
      guard let found = present else { continue }
      doubtful.insert(identity)
      guard let handle = found.tables[table] else {
        readers[identity] = nil
        continue
      }
      let reader = readers[identity] ?? NFTTableReader(family: family, table: table, sets: sets)
      readers[identity] = reader
      let chains = found.chains[table] ?? []
      if try reader.read(change, in: chains, handle: handle, connections) { continue }
      try reader.readAll(chains, handle: handle, connections)
      whole.insert(identity)
    }
    return whole
  }

  private func readCounters(
    _ wanted: CounterSelection, notOf whole: Set<NFTChanges.Identity>
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
    guard NFTAvailability.isPresent, let transport = try? open(nil) else { return false }
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

extension ReadingError {
  fileprivate init(_ family: IPFamily, _ error: NFTError) {
    var code: Int32?
    let cause: String
    switch error {
    case .refused(let refusal):
      code = refusal.code
      cause = error == .notPermitted ? "\(refusal); it takes CAP_NET_ADMIN" : "\(refusal)"
    case .timedOut: cause = "no answer came within \(NetlinkSocket.patience) seconds"
    case .overrun: cause = "answers were lost, because they came faster than they were taken"
    case .malformed: cause = "an answer was none to what was asked"
    case .contradictory: cause = "something was missing, though no rule had changed"
    case .overtaken: cause = "the rules changed again and again while they were read"
    case .notLoaded: cause = "the kernel has not loaded nf_tables, and reading must not make it"
    }
    self.init(operation: .readNFTables(family), code: code, cause: cause)
  }
}

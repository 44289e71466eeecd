public import Netfilter
public import Platform

/// Reads rule sets from files that `iptables-save` and `ip6tables-save` wrote, anew at each reading.
///
/// A file may hold one family or both, and a family's tables may stand in several files. A file that
/// can't be read or understood fails the families that it held last time; before that, the first
/// family that no other file holds. So does a file without a table, which is one that is just written.
///
/// Files are regular ones of at most ``sizeLimit`` bytes: what is read at each scrape must have an end,
/// and be there the next time.
///
/// ``SaveFileParser`` says what a file may hold.
public final class SaveFileSource: RulesetSource {
  /// The most bytes that a saved file has: those of more than a million rules.
  public static let sizeLimit = 256 << 20

  private let paths: [String]
  private let tables: Set<TableName>?
  /// What each file held when it was last read without an error.
  private var held: [String: Set<FamilyIdentity>] = [:]
  private var lastContents: [FamilyIdentity: [TableName: TableContent]] = [:]

  /// - Parameters:
  ///   - paths: The files.
  ///   - tables: The tables that are asked for, of which those in no file are reported as absent.
  ///     Nil asks for what is there.
  public init(paths: [String], tables: Set<TableName>? = nil) {
    self.paths = paths
    self.tables = tables
  }

  /// A file is read when somebody wants to know what it holds.
  public func mayHaveChanged() -> Bool { false }

  public func read(_: CounterSelection) -> RulesetReading {
    RulesetReading(families: readFiles(), counters: .all)
  }

  private func readFiles() -> [FamilyReading] {
    var found = SavedFamilies()
    var errors: [FamilyIdentity: ReadingError] = [:]
    var failures: [(path: String, error: ReadingError)] = []
    for path in paths {
      do throws(ReadingError) {
        let snapshots = try SaveFileParser.parse(
          path: path, tables: tables, accepting: .regularFiles)
        held[path] = Set(snapshots.map(\.identity))
        for table in found.add(snapshots) {
          errors[table.identity] = ReadingError(
            operation: .readFile(path: path),
            cause:
              "another file holds the \(table.family.rawValue) table \(table.name.rawValue) too")
        }
      } catch {
        failures.append((path, error))
      }
    }
    for (path, error) in failures {
      let families =
        held[path] ?? [unclaimedIdentity(besides: Set(found.tables.keys).union(errors.keys))]
      for identity in families { errors[identity] = error }
    }
    return Set(found.tables.keys).union(errors.keys).sorted().map { identity in
      let result: Result<FamilySnapshot, ReadingError> =
        if let error = errors[identity] { .failure(error) } else {
          .success(
            snapshot(
              of: identity, found.tables[identity, default: []],
              found.incompatibleTables[identity, default: [:]]))
        }
      return FamilyReading(backend: identity.backend, family: identity.family, result: result)
    }
  }

  private func unclaimedIdentity(besides claimed: Set<FamilyIdentity>) -> FamilyIdentity {
    let claimed = held.values.reduce(claimed) { $0.union($1) }
    let family = IPFamily.allCases.first { family in
      !claimed.contains { $0.family == family }
    }
    return FamilyIdentity(backend: .legacy, family: family ?? .ipv4)
  }

  /// The family's snapshot, with the last reading's objects for contents that are equal to them.
  private func snapshot(
    of identity: FamilyIdentity, _ tables: [TableSnapshot],
    _ incompatibleTables: [TableName: Incompatibility]
  ) -> FamilySnapshot {
    let known = lastContents[identity, default: [:]]
    let tables = tables.map { table in
      guard let content = known[table.name], content == table.content else { return table }
      return TableSnapshot(
        content: content, counters: table.counters, policyCounters: table.policyCounters)
    }
    lastContents[identity] = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0.content) })
    let absent = (self.tables ?? []).subtracting(tables.map(\.name))
    return FamilySnapshot(
      backend: identity.backend, family: identity.family, tables: tables,
      absentTables: absent.sorted(), incompatibleTables: incompatibleTables)
  }
}

/// The tables that several saved files hold, by family and backend.
public struct SavedFamilies {
  private(set) var tables: [FamilyIdentity: [TableSnapshot]] = [:]
  private(set) var incompatibleTables: [FamilyIdentity: [TableName: Incompatibility]] = [:]

  public init() {}

  /// Adds what a file holds, and returns the tables that a file before it holds too: the first of each
  /// family and backend.
  public mutating func add(_ snapshots: [FamilySnapshot]) -> [RepeatedTable] {
    snapshots.compactMap { snapshot in
      let names = Set(tables[snapshot.identity, default: []].map(\.name))
      tables[snapshot.identity, default: []] += snapshot.tables
      incompatibleTables[snapshot.identity, default: [:]]
        .merge(snapshot.incompatibleTables) { first, _ in first }
      return snapshot.tables.first { names.contains($0.name) }.map {
        RepeatedTable(identity: snapshot.identity, name: $0.name)
      }
    }
  }

  /// A table that two files hold.
  public struct RepeatedTable {
    let identity: FamilyIdentity
    public let name: TableName

    public var family: IPFamily { identity.family }
  }

  public var snapshots: [FamilySnapshot] {
    tables.sorted { $0.key < $1.key }.map { identity, tables in
      FamilySnapshot(
        backend: identity.backend, family: identity.family, tables: tables,
        incompatibleTables: incompatibleTables[identity, default: [:]])
    }
  }
}

extension FamilySnapshot {
  fileprivate var identity: FamilyIdentity { FamilyIdentity(backend: backend, family: family) }
}

extension SaveFileParser {
  /// Reads a saved file of at most ``SaveFileSource/sizeLimit`` bytes.
  ///
  /// - Parameter path: the file; nil for standard input.
  public static func parse(
    path: String?, tables: Set<TableName>?, accepting kinds: FileBytes.Kinds
  ) throws(ReadingError) -> [FamilySnapshot] {
    let name = path ?? "standard input"
    let limit = SaveFileSource.sizeLimit
    let text: [UInt8]
    do {
      text =
        if let path {
          try FileBytes.read(path: path, limit: limit, accepting: kinds)
        } else {
          try FileBytes.readStandardInput(limit: limit)
        }
    } catch {
      throw ReadingError(
        operation: .readFile(path: name), code: error.systemError.code, cause: error.description)
    }
    do {
      return try parse(text, tables: tables)
    } catch {
      throw ReadingError(
        operation: error.operation, code: error.code, cause: error.cause, path: name)
    }
  }
}

private import Glibc
public import Netfilter
private import Platform

/// Reads the kernel's rules in this thread's network namespace, from one backend or from both.
///
/// Where it may choose, what both backends hold decides which it follows. It reads the other backend when
/// that changed, so that rules that were left there show. The kernel doesn't report each change of the legacy
/// tables, so these are read once a minute at least.
public final class KernelSource: RulesetSource {
  /// Chooses a backend by what each holds of the signs; nil where that was never learnt.
  public typealias Choosing = (_ legacy: BackendEvidence?, _ nft: BackendEvidence?) -> BackendChoice

  private let selection: BackendSelection
  private let signs: NodeSigns
  private let choose: Choosing
  private let legacy: any BackendSource
  private let nft: any BackendSource
  private let accounts: PacketAccountReader
  private let conntrack: ConntrackReader
  private let now: () -> ContinuousClock.Instant
  private var choice: BackendChoice?
  /// The last reading of the legacy backend, while it is not followed.
  private var legacyReading: [FamilyReading] = []
  /// When that must be read again, whether it seems to have changed or not.
  private var legacyIsDue: ContinuousClock.Instant?
  /// What each backend held at its last good reading.
  private var evidence: [Backend: BackendEvidence] = [:]

  public convenience init(
    backend: BackendSelection, tables: Set<TableName>,
    families: Set<IPFamily> = Set(IPFamily.allCases), signs: NodeSigns,
    choose: @escaping Choosing
  ) {
    self.init(
      backend: backend, legacy: LegacySource(tables: tables, families: families, signs: signs),
      nft: NFTSource(tables: tables, families: families, signs: signs), signs: signs,
      choose: choose)
  }

  init(
    backend: BackendSelection, legacy: any BackendSource, nft: any BackendSource,
    accounts: PacketAccountReader = PacketAccountReader(),
    conntrack: ConntrackReader = ConntrackReader(), signs: NodeSigns,
    choose: @escaping Choosing,
    now: @escaping () -> ContinuousClock.Instant = { .now }
  ) {
    selection = backend
    self.signs = signs
    self.choose = choose
    self.legacy = legacy
    self.nft = nft
    self.accounts = accounts
    self.conntrack = conntrack
    self.now = now
  }

  public func read(_ counters: CounterSelection) -> RulesetReading {
    var reading =
      switch selection {
      case .legacy: readLegacy(counters)
      case .nft: readNFT(counters)
      case .both: readBoth(counters)
      case .auto: readChosen(counters)
      }
    if counters.contains(.accounts) { reading.accounts = accounts.read() }
    if counters.contains(.conntrack) { reading.conntrack = conntrack.readStatistics() }
    return reading
  }

  public func mayHaveChanged() -> Bool {
    switch selection {
    case .legacy: legacy.mayHaveChanged()
    case .nft: nft.mayHaveChanged()
    case .auto, .both: nft.mayHaveChanged() || legacy.mayHaveChanged()
    }
  }

  private func readLegacy(_ counters: CounterSelection) -> RulesetReading {
    RulesetReading(
      families: legacy.read(counters).families, counters: .ofTables,
      choice: BackendChoice(backend: .legacy, reason: .configured),
      node: node(NodeEvidence(hasTable: nft.hasTable())))
  }

  private func readNFT(_ counters: CounterSelection) -> RulesetReading {
    let reading = nft.read(counters)
    return RulesetReading(
      families: reading.families, choice: BackendChoice(backend: .nft, reason: .configured),
      node: node(reading.node), transactions: reading.transactions)
  }

  private func readBoth(_ counters: CounterSelection) -> RulesetReading {
    let old = legacy.read(counters).families
    let new = nft.read(counters)
    note(old, new.families)
    return RulesetReading(
      families: old + new.families, choice: chosen(), node: node(new.node),
      transactions: new.transactions)
  }

  private func readChosen(_ counters: CounterSelection) -> RulesetReading {
    // Rules of nf_tables that did not change cost next to nothing; its counters do.
    let wantsCounters = choice?.backend != .legacy
    var new = nft.read(wantsCounters ? counters : [])
    let readsLegacy = choice?.backend == .legacy || isLegacyDue || legacy.mayHaveChanged()
    if readsLegacy { readOtherLegacy(counters) }
    note(legacyReading, new.families)
    let choice = chosen()
    self.choice = choice
    if choice.backend == .nft, !wantsCounters { new = nft.read(counters) }
    if choice.backend == .legacy, !readsLegacy { readOtherLegacy(counters) }
    var families = legacyReading + new.families
    for index in families.indices {
      families[index].isFollowed = isFollowed(families[index], choice)
    }
    return RulesetReading(
      families: families, counters: choice.backend == .legacy ? .ofTables : [],
      choice: choice, node: node(new.node), transactions: new.transactions)
  }

  private func readOtherLegacy(_ counters: CounterSelection) {
    legacyReading = legacy.read(counters).families
    let couldBeRead = Self.snapshots(legacyReading) != nil
    legacyIsDue = couldBeRead ? now() + Self.legacyInterval : nil
  }

  /// Whether legacy must be read, changed or not. What failed is tried again each time.
  private var isLegacyDue: Bool { legacyIsDue.map { now() >= $0 } ?? true }

  private static let legacyInterval = Duration.seconds(60)

  /// Whether a reading must succeed for what is followed to be known.
  ///
  /// Those of the chosen backend must. What can't be read of the other is unknown, not absent: the signs'
  /// chains may stand there, unless they stand in the chosen one.
  private func isFollowed(_ reading: FamilyReading, _ choice: BackendChoice) -> Bool {
    if reading.backend == choice.backend { return true }
    guard case .failure = reading.result else { return false }
    let isAbsent = reading.backend == .legacy ? legacy.isAbsent : nft.isAbsent
    return !isAbsent && evidence[choice.backend]?.hasChain != true
  }

  /// Keeps what the readings tell of the backends; a backend that can't be read is as it was.
  private func note(_ old: [FamilyReading], _ new: [FamilyReading]) {
    for (source, backend, readings) in [(legacy, Backend.legacy, old), (nft, .nft, new)] {
      guard let tables = Self.snapshots(readings)?.flatMap(\.tables) else { continue }
      evidence[backend] = BackendEvidence(
        hasChain: tables.contains { table in
          [.nat, .filter].contains(table.name)
            && table.content.chains.contains { signs.chains.contains($0.name) }
        }, hasHint: source.hasHint, rules: tables.reduce(0) { $0 + $1.content.ruleCount })
    }
  }

  private func chosen() -> BackendChoice { choose(evidence[.legacy], evidence[.nft]) }

  /// The snapshots of readings that all succeeded.
  private static func snapshots(_ readings: [FamilyReading]) -> [FamilySnapshot]? {
    let snapshots = readings.compactMap { try? $0.result.get() }
    return snapshots.count == readings.count ? snapshots : nil
  }

  private func node(_ evidence: NodeEvidence) -> NodeEvidence {
    var evidence = evidence
    evidence.hasInterface = signs.interfaces.contains(where: NetworkInterface.exists)
    return evidence
  }
}

/// Which of the kernel's backends are read; the raw value is the flag's.
public enum BackendSelection: String, Sendable, Hashable, CaseIterable {
  /// That which is chosen by what both hold; of the other, what it holds, when that changed.
  case auto
  case legacy
  case nft
  /// Both, at each reading.
  case both
}

/// A reader of one of the kernel's backends, and what it knows of who uses that.
protocol BackendSource: RulesetSource {
  /// Whether the mangle table of either family had one of the hints, at the last reading.
  var hasHint: Bool { get }
  /// Whether the last reading failed because the kernel doesn't have the backend, and so no rules in it.
  var isAbsent: Bool { get }
  /// Whether one of the tables is here that are signs, asked for without reading any rules.
  func hasTable() -> Bool
}

extension BackendSource {
  func hasTable() -> Bool { false }
}

extension LegacySource: BackendSource {
  /// Tables that don't exist are no failure.
  var isAbsent: Bool { false }
}

extension NFTSource: BackendSource {
  var hasHint: Bool { evidence.hasHint }
}

/// Network interfaces of this thread's network namespace.
enum NetworkInterface {
  /// Whether there is one of that name; false where the kernel doesn't say.
  ///
  /// Asks by binding a socket that is closed again. `if_nametoindex` won't do: where there is no such
  /// interface, the kernel runs modprobe for one who has CAP_NET_ADMIN, each time (`dev_load` in
  /// `net/core/dev_ioctl.c`). Before Linux 5.7 it takes CAP_NET_RAW.
  static func exists(_ name: String) -> Bool {
    let descriptor = socket(AF_INET, SocketFlag.datagram | SocketFlag.closeOnExec, 0)
    guard descriptor >= 0 else { return false }
    defer { _ = close(descriptor) }
    let name = Array(name.utf8)
    let length = socklen_t(name.count)
    return unsafe setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, length) == 0
  }
}

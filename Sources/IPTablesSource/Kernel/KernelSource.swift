public import Netfilter

/// Reads the rules of the kernel, of this thread's network namespace: those of either backend, or of
/// both.
///
/// Where it may choose, it follows the backend that kube-proxy uses. The other is read when it changed,
/// so that rules that kube-proxy left there show.
public final class KernelSource: RulesetSource {
  private let selection: BackendSelection
  private let legacy: LegacySource
  private let nft: NFTSource
  private var choice: BackendChoice?
  /// The last reading of the legacy backend, while it is not followed.
  private var legacyReading: [FamilyReading] = []
  /// What each backend held at its last good reading.
  private var evidence: [Backend: BackendEvidence] = [:]

  public init(
    backend: BackendSelection, tables: Set<TableName>,
    families: Set<IPFamily> = Set(IPFamily.allCases)
  ) {
    selection = backend
    legacy = LegacySource(tables: tables, families: families)
    nft = NFTSource(tables: tables, families: families)
  }

  public func read(_ counters: CounterSelection) -> RulesetReading {
    switch selection {
    case .legacy: readLegacy(counters)
    case .nft: readNFT(counters)
    case .both: readBoth(counters)
    case .auto: readChosen(counters)
    }
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
      families: legacy.read(counters).families, counters: .all,
      choice: BackendChoice(backend: .legacy, reason: .configured),
      node: node(NodeEvidence(hasKubeProxyTable: nft.hasKubeProxyTable())))
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
    let readsLegacy =
      choice?.backend == .legacy || legacyReading.isEmpty || legacy.mayHaveChanged()
    if readsLegacy { legacyReading = legacy.read(counters).families }
    note(legacyReading, new.families)
    let choice = chosen()
    self.choice = choice
    if choice.backend == .nft, !wantsCounters { new = nft.read(counters) }
    if choice.backend == .legacy, !readsLegacy {
      legacyReading = legacy.read(counters).families
    }
    return RulesetReading(
      families: legacyReading.map { $0.followed(choice.backend == .legacy) }
        + new.families.map { $0.followed(choice.backend == .nft) },
      counters: choice.backend == .legacy ? .all : [], choice: choice, node: node(new.node),
      transactions: new.transactions)
  }

  /// Keeps what the readings tell of the backends; a backend that can't be read is as it was.
  private func note(_ old: [FamilyReading], _ new: [FamilyReading]) {
    if let snapshots = Self.snapshots(old) {
      evidence[.legacy] = BackendEvidence(snapshots, hasHint: legacy.hasHint)
    }
    if let snapshots = Self.snapshots(new) {
      evidence[.nft] = BackendEvidence(snapshots, hasHint: nft.evidence.hasHint)
    }
  }

  private func chosen() -> BackendChoice {
    BackendChoice(legacy: evidence[.legacy], nft: evidence[.nft])
  }

  /// The snapshots of readings that all succeeded.
  private static func snapshots(_ readings: [FamilyReading]) -> [FamilySnapshot]? {
    let snapshots = readings.compactMap { try? $0.result.get() }
    return snapshots.count == readings.count ? snapshots : nil
  }

  private func node(_ evidence: NodeEvidence) -> NodeEvidence {
    var evidence = evidence
    evidence.hasIPVSInterface = NetworkInterface.exists("kube-ipvs0")
    return evidence
  }
}

extension FamilyReading {
  fileprivate func followed(_ isFollowed: Bool) -> FamilyReading {
    FamilyReading(backend: backend, family: family, result: result, isFollowed: isFollowed)
  }
}

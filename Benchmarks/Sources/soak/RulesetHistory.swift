internal import RulesetGenerator
internal import Synchronization

/// What was written to one family's nat table of one backend, and when it could be seen there.
final class RulesetHistory: Sendable {
  /// For how long a write is remembered after the next one.
  private static let memory = Duration.seconds(60)

  private struct Write {
    let totals: TableTotals
    let begun: ContinuousClock.Instant
    /// When the next write had ended, so that nobody can see this one any more; `nil` until then.
    var gone: ContinuousClock.Instant?
  }

  private let writes = Mutex<[Write]>([])

  /// Performs a write: from its beginning on its rules may be seen, and once it has ended the
  /// earlier ones are gone.
  func write(_ totals: TableTotals, _ body: () throws -> Void) rethrows {
    let begun = ContinuousClock.now
    writes.withLock { $0.append(Write(totals: totals, begun: begun)) }
    try body()
    let ended = ContinuousClock.now
    writes.withLock { writes in
      for index in writes.indices.dropLast() where writes[index].gone == nil {
        writes[index].gone = ended
      }
      writes.removeAll { write in write.gone.map { $0 < ended - Self.memory } ?? false }
    }
  }

  /// What a reading that took place some time in a period may have found.
  func visible(
    from start: ContinuousClock.Instant, to end: ContinuousClock.Instant
  ) -> Set<TableTotals> {
    writes.withLock { writes in
      Set(
        writes.filter { $0.begun <= end && ($0.gone.map { $0 >= start } ?? true) }
          .map(\.totals))
    }
  }
}

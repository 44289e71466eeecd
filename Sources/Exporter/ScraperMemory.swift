internal import Synchronization

/// Remembers for each scraper where the churn totals stood when it was last answered, so that no
/// scraper takes another's churn.
///
/// Told apart by collector, for a scraper may ask for one of them now and for another then. A bounded
/// number is remembered; what was answered longest ago is forgotten first.
final class ScraperMemory: Sendable {
  private struct Key: Hashable {
    let scraper: String
    let collector: CollectorName
  }

  private struct Entry {
    var ledger: ChurnLedger
    var turn: UInt64
  }

  private struct Storage {
    var entries: [Key: Entry] = [:]
    var turn: UInt64 = 0
  }

  private let storage = Mutex(Storage())
  private let capacity: Int

  init(capacity: Int = 128) { self.capacity = capacity }

  /// The totals when the scraper was last answered with that collector's metrics; nil if it never was,
  /// or if that is forgotten.
  func ledger(of scraper: String, _ collector: CollectorName) -> ChurnLedger? {
    storage.withLock { $0.entries[Key(scraper: scraper, collector: collector)]?.ledger }
  }

  /// Notes that the scraper is answered with these totals.
  func note(_ ledger: ChurnLedger, for scraper: String, _ collector: CollectorName) {
    storage.withLock { storage in
      storage.turn += 1
      storage.entries[Key(scraper: scraper, collector: collector)] = Entry(
        ledger: ledger, turn: storage.turn)
      guard storage.entries.count > capacity,
        let oldest = storage.entries.min(by: { $0.value.turn < $1.value.turn })
      else { return }
      storage.entries[oldest.key] = nil
    }
  }
}

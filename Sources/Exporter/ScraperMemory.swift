internal import Synchronization

/// Remembers for each scraper where the churn totals stood when it was last answered, so that no
/// scraper takes another's churn.
///
/// A bounded number of scrapers is remembered; whoever was answered longest ago is forgotten first.
final class ScraperMemory: Sendable {
  private struct Entry {
    var ledger: ChurnLedger
    var turn: UInt64
  }

  private struct Storage {
    var entries: [String: Entry] = [:]
    var turn: UInt64 = 0
  }

  private let storage = Mutex(Storage())
  private let capacity: Int

  init(capacity: Int = 64) { self.capacity = capacity }

  /// The totals at the scraper's last answer; nil if this is its first, or if it is forgotten.
  func ledger(of scraper: String) -> ChurnLedger? {
    storage.withLock { $0.entries[scraper]?.ledger }
  }

  /// Notes that the scraper is answered with these totals.
  func note(_ ledger: ChurnLedger, for scraper: String) {
    storage.withLock { storage in
      storage.turn += 1
      storage.entries[scraper] = Entry(ledger: ledger, turn: storage.turn)
      guard storage.entries.count > capacity,
        let oldest = storage.entries.min(by: { $0.value.turn < $1.value.turn })
      else { return }
      storage.entries[oldest.key] = nil
    }
  }
}

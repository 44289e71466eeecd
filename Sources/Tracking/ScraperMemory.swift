/// Remembers for each scraper where the churn totals stood when it was last answered, so that no
/// scraper takes another's churn.
///
/// Told apart by collector, for a scraper may ask for one of them now and for another then. What is
/// remembered is bounded in number and in memory; what was answered longest ago is forgotten first.
package struct ScraperMemory: Sendable {
  private struct Key: Hashable {
    let scraper: String
    let collector: String
  }

  private struct Entry {
    let mark: ChurnMark
    let turn: UInt64
  }

  private var entries: [Key: Entry] = [:]
  private var turn: UInt64 = 0
  private let capacity: Int
  private let byteLimit: Int

  package init(capacity: Int = 128, byteLimit: Int = 16 << 20) {
    self.capacity = capacity
    self.byteLimit = byteLimit
  }

  /// Where the totals stood when the scraper was last answered with that collector's metrics; nil if it
  /// never was, or if that is forgotten.
  package func mark(of scraper: String, _ collector: String) -> ChurnMark? {
    entries[Key(scraper: scraper, collector: collector)]?.mark
  }

  /// Notes that the scraper is answered with these totals.
  package mutating func note(_ mark: ChurnMark, for scraper: String, _ collector: String) {
    turn += 1
    entries[Key(scraper: scraper, collector: collector)] = Entry(mark: mark, turn: turn)
    if entries.count > capacity { forgetOldest() }
    // The last one stays: without it nobody would ever see churn.
    while entries.count > 1, byteCount > byteLimit { forgetOldest() }
  }

  /// The memory of all marks, each once.
  private var byteCount: Int {
    var counted: Set<ObjectIdentifier> = []
    return entries.values.reduce(0) {
      counted.insert(ObjectIdentifier($1.mark)).inserted ? $0 + $1.mark.byteCount : $0
    }
  }

  private mutating func forgetOldest() {
    guard let oldest = entries.min(by: { $0.value.turn < $1.value.turn }) else { return }
    entries[oldest.key] = nil
  }
}

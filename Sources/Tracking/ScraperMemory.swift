/// Remembers for each scraper where the churn totals stood when it was last answered, so that no
/// scraper takes another's churn.
///
/// Each collector has an entry of its own, because a scraper may ask for one collector now and for another
/// later. Entries are bounded in number and in memory. The oldest answer is forgotten first.
package struct ScraperMemory: Sendable {
  private struct Entry {
    let scraper: String
    let collector: String
    let mark: ChurnMark
  }

  /// Those that were answered longest ago are first.
  private var entries: [Entry] = []
  private let byteLimit: Int

  private static let capacity = 128

  package init(byteLimit: Int = 16 << 20) { self.byteLimit = byteLimit }

  /// Where the totals stood when the scraper was last answered with that collector's metrics; nil if it
  /// never was, or if that is forgotten.
  package func mark(of scraper: String, _ collector: String) -> ChurnMark? {
    entries.first { $0.scraper == scraper && $0.collector == collector }?.mark
  }

  /// Notes that the scraper is answered with these totals.
  package mutating func note(_ mark: ChurnMark, for scraper: String, _ collector: String) {
    entries.removeAll { $0.scraper == scraper && $0.collector == collector }
    entries.append(Entry(scraper: scraper, collector: collector, mark: mark))
    if entries.count > Self.capacity { entries.removeFirst() }
    // The last one stays: without it nobody would ever see churn.
    while entries.count > 1, byteCount > byteLimit { entries.removeFirst() }
  }

  /// The memory of all marks, each once.
  private var byteCount: Int {
    var counted: Set<ObjectIdentifier> = []
    return entries.reduce(0) {
      counted.insert(ObjectIdentifier($1.mark)).inserted ? $0 + $1.mark.byteCount : $0
    }
  }
}

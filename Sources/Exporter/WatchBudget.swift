/// How soon the next reading may begin that no scrape asks for, so that all of them together take a
/// small part of one processor, however large the tables are.
struct WatchBudget<Instant: InstantProtocol> where Instant.Duration == Duration {
  /// The part of one processor that such readings may take: a twentieth.
  static var share: Double { 0.05 }

  private var earliest: Instant?

  /// Whether a reading may begin now.
  func allows(_ now: Instant) -> Bool { earliest.map { now >= $0 } ?? true }

  /// Notes a reading that has ended now.
  mutating func note(_ processorTime: Duration, endedAt now: Instant) {
    earliest = now.advanced(by: processorTime / Self.share)
  }
}

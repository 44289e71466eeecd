/// Which of the readings one was, and what it took.
struct ReadingAccount: Sendable {
  /// The number of this reading; the first is 1.
  var number: UInt64 = 0
  /// How many of the readings so far no scrape asked for.
  var unasked: UInt64 = 0
  /// How long it took, in seconds, until all of it was understood.
  var duration = 0.0
}

/// How long one thing took, measured again and again.
struct Samples {
  private var durations: [Duration] = []

  /// Runs `body` and adds how long it took.
  mutating func time<Result>(_ body: () throws -> Result) rethrows -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    durations.append(start.duration(to: clock.now))
    return result
  }

  /// Adds what was measured in another way.
  mutating func add(_ duration: Duration) { durations.append(duration) }

  /// The duration that as many samples exceed as fall short of, in milliseconds.
  var median: Double {
    let sorted = durations.sorted()
    guard let upper = sorted.dropFirst(sorted.count / 2).first else { return .nan }
    let lower = sorted[(sorted.count - 1) / 2]
    return (upper.milliseconds + lower.milliseconds) / 2
  }

  /// The shortest duration, in milliseconds.
  var minimum: Double { durations.min()?.milliseconds ?? .nan }

  /// Forgets what was measured, to leave out the rounds that warm up.
  mutating func removeAll() {
    durations.removeAll()
  }
}

extension Duration {
  fileprivate var milliseconds: Double { self / .milliseconds(1) }
}

import WebConfiguration

/// Tokens, of which each request takes one: a new one comes with each interval, up to the burst.
///
/// Counterpart: `Limiter.Allow` of golang.org/x/time/rate.
struct RequestBudget {
  private let limit: RateLimit
  private var tokens: Double
  private var last: ContinuousClock.Instant

  /// Creates a budget that begins with all tokens that there may be.
  init(_ limit: RateLimit, now: ContinuousClock.Instant = .now) {
    self.limit = limit
    tokens = Double(limit.burst)
    last = now
  }

  /// Takes a token; false where there is none.
  mutating func spend(at now: ContinuousClock.Instant = .now) -> Bool {
    tokens = min(Double(limit.burst), tokens + (now - last) / limit.interval)
    last = now
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}

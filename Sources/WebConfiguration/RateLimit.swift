/// How many requests are served: one in each interval, and some at once where there was a lull.
///
/// Counterpart: exporter-toolkit's `RateLimiterConfig`.
public struct RateLimit: Sendable, Equatable {
  /// The time between two requests.
  public let interval: Duration
  /// How many requests may come at once; with less than one nobody is served.
  public let burst: Int

  public init(interval: Duration, burst: Int) {
    self.interval = interval
    self.burst = burst
  }

  /// Reads `rate_limit`; nil where requests are not limited, as with an interval of 0 or less.
  ///
  /// - Throws: ``TextFault`` where a value is none.
  static func parse(_ node: YAMLNode?) throws(TextFault) -> RateLimit? {
    let section = try Section(node, named: "rate_limit", keys: ["interval", "burst"])
    let interval = try section.duration("interval") ?? .zero
    let burst = try section.integer("burst") ?? 0
    return interval > .zero ? RateLimit(interval: interval, burst: burst) : nil
  }
}

extension Section {
  fileprivate func integer(_ key: String) throws(TextFault) -> Int? {
    guard let text = try text(key) else { return nil }
    guard isPlain(key), let value = Int(text.value) else {
      throw TextFault(at: text.position, "\(key) must be a whole number, not \"\(text.value)\"")
    }
    return value
  }

  /// A time as Go writes it, such as `1.5s` or `1m30s`; a bare number is nanoseconds.
  fileprivate func duration(_ key: String) throws(TextFault) -> Duration? {
    guard let text = try text(key) else { return nil }
    if isPlain(key), let nanoseconds = Int64(text.value) { return .nanoseconds(nanoseconds) }
    guard let duration = Self.duration(text.value) else {
      throw TextFault(
        at: text.position, "\(key) must be a time such as 100ms or 1m30s, not \"\(text.value)\"")
    }
    return duration
  }

  private static let units: [(name: String, seconds: Double)] = [
    ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60),
    ("h", 3600),
  ]

  /// Counterpart: Go's `time.ParseDuration`.
  private static func duration(_ text: String) -> Duration? {
    var rest = text[...]
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest.removeFirst() }
    if rest == "0" { return .zero }
    if rest.isEmpty { return nil }
    var seconds = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
      let name = rest[digits.endIndex...].prefix { $0 != "." && !("0"..."9").contains($0) }
      guard digits.contains(where: { $0 != "." }), let number = Double("0\(digits)"),
        let unit = units.first(where: { $0.name == name })
      else { return nil }
      seconds += number * unit.seconds
      rest = rest[name.endIndex...]
    }
    // What Go's 64 bits of nanoseconds hold.
    guard seconds < 9.2e9 else { return nil }
    return .seconds(isNegative ? -seconds : seconds)
  }
}

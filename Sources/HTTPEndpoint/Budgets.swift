import WebConfiguration

/// Processor time that may be spent: a share of one processor, of which some may be saved.
///
/// One may spend more than there is. Then nothing may be spent until the debt is paid.
struct ProcessorBudget {
  private let share: Double
  private let savings: Duration
  private var balance: Duration
  private var lastIncome: ContinuousClock.Instant

  /// Creates a budget that begins with all of its savings.
  ///
  /// - Parameters:
  ///   - share: The income, in seconds per second.
  ///   - savings: The upper limit of what is saved.
  init(share: Double, savings: Duration, now: ContinuousClock.Instant = .now) {
    self.share = share
    self.savings = savings
    balance = savings
    lastIncome = now
  }

  /// How long to wait before something may be spent.
  ///
  /// - Parameter reserve: The time that must be left for others.
  mutating func delay(
    keeping reserve: Duration = .zero, at now: ContinuousClock.Instant = .now
  ) -> Duration {
    balance = min(savings, balance + (now - lastIncome) * share)
    lastIncome = now
    return balance >= reserve ? .zero : (reserve - balance) / share
  }

  /// Subtracts time that was spent.
  mutating func spend(_ time: Duration) {
    balance -= time
  }
}

/// Tokens, of which each request takes one. Each interval adds a token, up to the burst.
///
/// Counterpart: `Limiter.Allow` of golang.org/x/time/rate.
struct RequestBudget {
  private let limit: RateLimit
  private var tokens: Double
  private var last: ContinuousClock.Instant

  /// Creates a budget that begins with as many tokens as the burst.
  init(_ limit: RateLimit, now: ContinuousClock.Instant = .now) {
    self.limit = limit
    tokens = Double(limit.burst)
    last = now
  }

  /// Takes a token; false if there is none.
  mutating func spend(at now: ContinuousClock.Instant = .now) -> Bool {
    tokens = min(Double(limit.burst), tokens + (now - last) / limit.interval)
    last = now
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}

/// The pauses that clients must make after wrong passwords.
///
/// The pause doubles with each wrong password, up to a minute. It is forgotten a minute after its
/// end, or after a right password.
struct FailurePauses {
  private struct Pause {
    var failures: Int
    var end: ContinuousClock.Instant
  }

  private static let longest = Duration.seconds(60)

  private let first: Duration
  private let capacity: Int
  private var pauses: [String: Pause] = [:]

  /// - Parameters:
  ///   - first: The first pause of a client; zero for no pauses.
  ///   - capacity: How many clients are remembered.
  init(first: Duration, capacity: Int) {
    self.first = first
    self.capacity = capacity
  }

  /// Whether a client must wait.
  func applies(to client: String, at now: ContinuousClock.Instant = .now) -> Bool {
    pauses[client].map { now < $0.end } ?? false
  }

  /// Begins a client's pause after a wrong password.
  mutating func addFailure(of client: String, at now: ContinuousClock.Instant = .now) {
    guard first > .zero else { return }
    if pauses[client] == nil, pauses.count >= capacity { makeRoom(at: now) }
    let known = pauses[client].flatMap { now < $0.end + Self.longest ? $0.failures : nil } ?? 0
    let length = min(first * (1 << min(known, 16)), Self.longest)
    pauses[client] = Pause(failures: known + 1, end: now + length)
  }

  /// Forgets a client's pause after a right password.
  mutating func forget(_ client: String) {
    pauses[client] = nil
  }

  /// Forgets the clients that may be forgotten, or else the one whose pause ends first.
  private mutating func makeRoom(at now: ContinuousClock.Instant) {
    pauses = pauses.filter { now < $0.value.end + Self.longest }
    guard pauses.count >= capacity else { return }
    if let next = pauses.min(by: { $0.value.end < $1.value.end }) { pauses[next.key] = nil }
  }

  /// The client at an address: an IPv4 address, or a host's IPv6 network of 64 bits.
  static func client(at address: String) -> String {
    guard address.contains(":") else { return address }
    let fields = address.split(separator: "%")[0].split(
      separator: ":", omittingEmptySubsequences: false)
    // The groups before and after the `::`, if there is one.
    let left = Array(fields.prefix { !$0.isEmpty })
    let right =
      left.count == fields.count
      ? []
      : fields.suffix(from: fields.lastIndex(of: "") ?? 0)
        .filter { !$0.isEmpty }
    let zeroes = Array(repeating: Substring("0"), count: max(0, 8 - left.count - right.count))
    return (left + zeroes + right).prefix(4).joined(separator: ":")
  }
}

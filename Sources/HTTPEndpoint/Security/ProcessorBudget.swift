/// Processor time that may be spent: a share of one processor, some of it saved up.
///
/// What is spent may exceed what there is; then nothing may be spent until the debt is paid.
struct ProcessorBudget {
  private let share: Double
  private let savings: Duration
  private var balance: Duration
  private var lastIncome: ContinuousClock.Instant

  /// Creates a budget that begins with all of its savings.
  ///
  /// - Parameters:
  ///   - share: The income, in seconds per second.
  ///   - savings: The most that is saved up.
  init(share: Double, savings: Duration, now: ContinuousClock.Instant = .now) {
    self.share = share
    self.savings = savings
    balance = savings
    lastIncome = now
  }

  /// How long to wait before something may be spent.
  ///
  /// - Parameter reserve: What must be left, for others.
  mutating func delay(
    keeping reserve: Duration = .zero, at now: ContinuousClock.Instant = .now
  ) -> Duration {
    balance = min(savings, balance + (now - lastIncome) * share)
    lastIncome = now
    return balance >= reserve ? .zero : (reserve - balance) / share
  }

  /// Takes note of time that was spent.
  mutating func spend(_ time: Duration) {
    balance -= time
  }
}

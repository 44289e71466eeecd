import WebConfiguration

/// The checks that are kept for users that exist, so that a user gets in however many clients guess.
///
/// It says only whether a password is right. It doesn't say that a password is wrong, nor that it was
/// not checked. So ``PasswordChecker`` can answer as it does for users that don't exist.
actor ReservedChecks {
  private let worker = BcryptWorker()
  private var budget: ProcessorBudget
  /// The hashes that somebody's password is to be checked against: one password for each at a time.
  private var hashes: Set<BcryptHash> = []
  private var isWorking = false

  init(budget: ProcessorBudget) { self.budget = budget }

  /// Whether the password was checked and is right.
  ///
  /// - Parameter end: No check begins after it.
  func accepts(
    _ password: [UInt8], _ hash: BcryptHash, until end: ContinuousClock.Instant
  ) async -> Bool {
    guard hashes.insert(hash).inserted else { return false }
    defer { hashes.remove(hash) }
    while isWorking || budget.delay() > .zero {
      guard ContinuousClock.now < end, !Task.isCancelled else { return false }
      try? await Task.sleep(for: .milliseconds(20))
    }
    isWorking = true
    defer { isWorking = false }
    let (matches, time) = await worker.check(password, hash)
    if !matches { budget.spend(time) }
    return matches
  }
}

import WebConfiguration

/// Checks passwords, and sees to it that wrong ones cost the node little.
///
/// A hash is made to be slow, so whoever may send passwords may spend the processor's time. Hence:
///
/// - one check at a time runs, on a thread of its own;
/// - credentials that were found right or wrong before are known by their digest;
/// - the same credentials sent many times at once are checked once;
/// - wrong passwords take no more than a share of one processor, and then the next check waits;
/// - few checks wait, and few of one client's; beyond, the answer is ``Outcome/busy`` at once;
/// - so it is for a client whose last password was wrong, for a time that grows;
/// - a client that has not asked in vain for a while goes before all that have, takes the place of
///   one of these where too many wait, and has half of the saved up time for itself. So whoever
///   guesses, from however many addresses, locks nobody out who comes from another one;
/// - a check that has waited too long gives its place up;
/// - a request that finds no room waits for a fixed time before it is told so. Meanwhile its password is
///   checked if its user exists, at a share of the processor that is kept for that (``ReservedChecks``).
///
/// No answer but the right password's, and no time that an answer takes, depends on whether a user exists.
///
/// Whoever was let in before is known and never waits. A user that does not exist costs what another
/// does: the password is checked against the hash of somebody, always the same for a name.
actor PasswordChecker {
  /// What became of credentials.
  enum Outcome {
    case accepted
    case rejected
    /// They were not checked: too many are waiting.
    case busy
  }

  /// How much wrong passwords may cost.
  struct Limits {
    /// How many checks may wait or run.
    var maxChecks = 32
    /// How many of them for one client.
    var maxChecksPerClient = 2
    /// How many requests may wait for them.
    var maxRequests = 64
    /// How many results are remembered of either kind.
    var maxResults = 256
    /// The share of one processor for passwords that turn out to be wrong.
    var processorShare = 0.1
    /// How much of its time may be saved up.
    var savings = Duration.seconds(1)
    /// The part of this share that is kept for users that exist.
    var reservedPart = 0.25
    /// How long a client waits after its first wrong password; zero for no such pauses.
    var firstPause = Duration.seconds(1)
    /// How long a check may wait for its turn, and how long a request waits before it is told that there
    /// is no room; zero for no such bounds.
    var patience = Duration.seconds(2)
  }

  fileprivate struct Check {
    let password: [UInt8]
    let hash: BcryptHash
    let isKnown: Bool
    let client: String
    /// Whether the client has not asked in vain for a while.
    let isFresh: Bool
    /// Tells it from an earlier check of the same credentials.
    var number = 0
    var requests: [AsyncStream<Bool>.Continuation] = []
  }

  /// How many checks were run.
  private(set) var checkCount = 0

  private let limits: Limits
  private let maker = PasswordDigest.Maker()
  private let worker = BcryptWorker()
  private let reserved: ReservedChecks
  private var budget: ProcessorBudget
  private var accepted: PasswordDigestSet
  private var rejected: PasswordDigestSet
  private var pauses: FailurePauses
  private var checks: [PasswordDigest: Check] = [:]
  private var queue: [PasswordDigest] = []
  /// The clients that asked in vain, and since when they have.
  private var askers: [String: ContinuousClock.Instant] = [:]
  private var requestCount = 0
  private var lastNumber = 0
  private var isWorking = false

  init(limits: Limits = Limits()) {
    self.limits = limits
    let reservedShare = limits.processorShare * limits.reservedPart
    reserved = ReservedChecks(
      budget: ProcessorBudget(share: reservedShare, savings: limits.savings * limits.reservedPart))
    budget = ProcessorBudget(
      share: limits.processorShare - reservedShare, savings: limits.savings)
    accepted = PasswordDigestSet(capacity: limits.maxResults)
    rejected = PasswordDigestSet(capacity: limits.maxResults)
    pauses = FailurePauses(first: limits.firstPause, capacity: limits.maxResults)
  }

  /// Checks credentials; waits for the result, or until the task is cancelled.
  ///
  /// - Parameters:
  ///   - credentials: Who it is said to be.
  ///   - users: The users and their hashes.
  ///   - address: The client's.
  func check(
    _ credentials: BasicCredentials, against users: [String: BcryptHash], from address: String
  ) async -> Outcome {
    guard let (hash, isKnown) = hash(for: credentials.user, of: users) else { return .rejected }
    let digest = maker.digest(of: credentials, hash: hash, isKnown: isKnown)
    if accepted.contains(digest) { return .accepted }
    if rejected.contains(digest) { return .rejected }
    let client = FailurePauses.client(at: address)
    if mustWait(client), checks[digest] == nil { return .busy }
    let isFresh = noteAsker(client)
    let check = Check(
      password: credentials.password, hash: hash, isKnown: isKnown,
      client: client, isFresh: isFresh)
    guard isFresh || requestCount < limits.maxRequests, enqueue(check, as: digest) else {
      return await lastChance(check, digest)
    }
    let (results, continuation) = AsyncStream.makeStream(of: Bool.self)
    checks[digest]?.requests.append(continuation)
    requestCount += 1
    defer { requestCount -= 1 }
    for await isAccepted in results { return isAccepted ? .accepted : .rejected }
    return await lastChance(check, digest)
  }

  /// Waits, and accepts only a right password of a user that exists.
  ///
  /// What is found wrong is not remembered, nor held against the client: that would tell that the user
  /// exists.
  private func lastChance(_ check: Check, _ digest: PasswordDigest) async -> Outcome {
    let start = ContinuousClock.now
    let end = start + limits.patience
    if check.isKnown, limits.patience > .zero,
      await reserved.accepts(check.password, check.hash, until: start + limits.patience / 2)
    {
      accept(digest, of: check.client)
      return .accepted
    }
    try? await Task.sleep(until: end)
    return .busy
  }

  /// The user's hash, or for an unknown user that of one who is chosen by the name.
  private func hash(
    for user: String, of users: [String: BcryptHash]
  ) -> (hash: BcryptHash, isKnown: Bool)? {
    if let hash = users[user] { return (hash, true) }
    guard !users.isEmpty else { return nil }
    let hashes = users.values.sorted { $0.text < $1.text }
    return (hashes[Int(maker.number(of: user) % UInt64(hashes.count))], false)
  }

  /// Makes a check wait for its turn, unless it already does.
  ///
  /// - Returns: Whether there was room for it.
  private func enqueue(_ check: Check, as digest: PasswordDigest) -> Bool {
    if checks[digest] != nil { return true }
    guard checks.count < limits.maxChecks || check.isFresh && makeRoom() else { return false }
    lastNumber += 1
    checks[digest] = check
    checks[digest]?.number = lastNumber
    if limits.patience > .zero { Task { [lastNumber] in await expire(digest, lastNumber) } }
    // The last of the fresh first: the others have had their chance.
    queue.insert(digest, at: check.isFresh ? 0 : queue.endIndex)
    if !isWorking {
      isWorking = true
      Task { await work() }
    }
    return true
  }

  /// Whether a client has to pause, or has enough checks that wait.
  private func mustWait(_ client: String) -> Bool {
    pauses.applies(to: client)
      || checks.values.count(where: { $0.client == client }) >= limits.maxChecksPerClient
  }

  /// Notes that a client asks.
  ///
  /// - Returns: Whether it has not done so for a while.
  private func noteAsker(_ client: String) -> Bool {
    let now = ContinuousClock.now
    if askers.count >= Self.maxAskers { askers = askers.filter { now - $0.value < Self.pause } }
    if askers.count >= Self.maxAskers { askers.removeAll() }
    if let last = askers[client], now - last < Self.pause { return false }
    askers[client] = now
    return true
  }

  private static let maxAskers = 16_384
  /// It begins with the first request in vain. Those that follow don't prolong it: a scraper that is sent away
  /// comes again soon.
  private static let pause = Duration.seconds(10)

  /// Sends the last of those away that wait.
  private func makeRoom() -> Bool {
    guard let digest = queue.popLast() else { return false }
    sendAway(digest)
    return true
  }

  /// Sends a check away that has waited too long for its turn.
  private func expire(_ digest: PasswordDigest, _ number: Int) async {
    try? await Task.sleep(for: limits.patience)
    guard checks[digest]?.number == number, let place = queue.firstIndex(of: digest) else { return }
    queue.remove(at: place)
    sendAway(digest)
  }

  private func sendAway(_ digest: PasswordDigest) {
    for request in checks.removeValue(forKey: digest)?.requests ?? [] { request.finish() }
  }

  /// Runs the checks that wait, in their order.
  private func work() async {
    while let next = queue.first {
      let reserve = checks[next]?.isFresh ?? true ? Duration.zero : limits.savings / 2
      let delay = budget.delay(keeping: reserve)
      if delay > .zero {
        // Not for long: another may come to be the next.
        try? await Task.sleep(for: min(delay, .milliseconds(50)))
        continue
      }
      queue.removeFirst()
      if let check = checks[next] { await run(check, as: next) }
    }
    isWorking = false
  }

  private func accept(_ digest: PasswordDigest, of client: String) {
    accepted.insert(digest)
    pauses.forget(client)
    askers[client] = nil
  }

  private func run(_ check: Check, as digest: PasswordDigest) async {
    checkCount += 1
    let (matches, time) = await worker.check(check.password, check.hash)
    let isAccepted = matches && check.isKnown
    if isAccepted {
      accept(digest, of: check.client)
    } else {
      rejected.insert(digest)
      pauses.addFailure(of: check.client)
      budget.spend(time)
    }
    for request in checks.removeValue(forKey: digest)?.requests ?? [] {
      request.yield(isAccepted)
      request.finish()
    }
  }
}

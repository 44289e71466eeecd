import WebConfiguration

/// Checks passwords, and limits what wrong ones cost the node.
///
/// A hash is slow by design, so everybody who can send passwords can spend processor time. Hence:
///
/// - One check runs at a time, on a thread of its own.
/// - Results are remembered by the digest of the credentials. So accepted clients never wait.
/// - The same credentials are checked once, even if many requests send them at once.
/// - Wrong passwords take no more than a share of one processor; then the next check waits.
/// - Few checks may wait, and few of each client. The answer to others is ``Outcome/busy`` at once.
/// - A client whose last password was wrong gets this answer, too, for a time that grows.
/// - A client is fresh if it has not asked in vain for a while. Fresh clients go first. If too many
///   checks wait, they take the place of another, and half of the saved time is kept for them. So
///   guessing, from however many addresses, does not lock out clients from other addresses.
/// - A check that has waited too long gives up its place.
/// - A request that finds no room waits for a fixed time before its answer. In the meantime its
///   password is checked if its user exists, with processor time that is reserved for this
///   (``ReservedChecks``).
///
/// Nobody can find out which users exist. Except for a right password, neither an answer nor its
/// time depends on that: the password of an unknown user is checked against the hash of another
/// user, who is always the same for a name.
actor PasswordChecker {
  /// The result of a check.
  enum Outcome {
    case accepted
    case rejected
    /// The credentials were not checked, because too many checks wait.
    case busy
  }

  /// Limits of what wrong passwords may cost.
  struct Limits {
    /// How many checks may wait or run.
    var maxChecks = 32
    /// How many of these may be of one client.
    var maxChecksPerClient = 2
    /// How many requests may wait for checks.
    var maxRequests = 64
    /// How many accepted credentials are remembered, and how many rejected ones.
    var maxResults = 256
    /// The share of one processor that wrong passwords may take.
    var processorShare = 0.1
    /// How much unused time of this share may be saved.
    var savings = Duration.seconds(1)
    /// The part of this share that is reserved for users that exist.
    var reservedPart = 0.25
    /// How long a client must wait after its first wrong password; zero for no pauses.
    var firstPause = Duration.seconds(1)
    /// How long a check may wait for its turn, and how long a request waits for the answer that
    /// there is no room; zero for no limits.
    var patience = Duration.seconds(2)
  }

  fileprivate struct Check {
    let password: [UInt8]
    let hash: BcryptHash
    let isKnown: Bool
    let client: String
    /// Whether the client had not asked in vain for a while.
    let isFresh: Bool
    /// Distinguishes it from an earlier check of the same credentials.
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
  /// The clients that have asked in vain, and the time of their first request.
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

  /// Checks credentials. It waits for the result, or until the task is cancelled.
  ///
  /// - Parameters:
  ///   - credentials: The user and password that the client has sent.
  ///   - users: The users and their hashes.
  ///   - address: The client's address.
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

  /// Waits, and accepts only the right password of a user that exists.
  ///
  /// A wrong password is neither remembered nor held against the client, because that would reveal
  /// that the user exists.
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

  /// The user's hash. For an unknown user it is another user's hash, chosen by the name.
  private func hash(
    for user: String, of users: [String: BcryptHash]
  ) -> (hash: BcryptHash, isKnown: Bool)? {
    if let hash = users[user] { return (hash, true) }
    guard !users.isEmpty else { return nil }
    let hashes = users.values.sorted { $0.text < $1.text }
    return (hashes[Int(maker.number(of: user) % UInt64(hashes.count))], false)
  }

  /// Adds a check to the queue, unless the same credentials already wait.
  ///
  /// - Returns: Whether there was room.
  private func enqueue(_ check: Check, as digest: PasswordDigest) -> Bool {
    if checks[digest] != nil { return true }
    guard checks.count < limits.maxChecks || check.isFresh && makeRoom() else { return false }
    lastNumber += 1
    checks[digest] = check
    checks[digest]?.number = lastNumber
    if limits.patience > .zero { Task { [lastNumber] in await expire(digest, lastNumber) } }
    // The newest fresh client goes first: earlier ones have had their chance.
    queue.insert(digest, at: check.isFresh ? 0 : queue.endIndex)
    if !isWorking {
      isWorking = true
      Task { await work() }
    }
    return true
  }

  /// Whether a client must pause, or has enough checks in the queue.
  private func mustWait(_ client: String) -> Bool {
    pauses.applies(to: client)
      || checks.values.count(where: { $0.client == client }) >= limits.maxChecksPerClient
  }

  /// Remembers that a client has asked.
  ///
  /// - Returns: Whether it had not asked for a while.
  private func noteAsker(_ client: String) -> Bool {
    let now = ContinuousClock.now
    if askers.count >= Self.maxAskers { askers = askers.filter { now - $0.value < Self.pause } }
    if askers.count >= Self.maxAskers { askers.removeAll() }
    if let last = askers[client], now - last < Self.pause { return false }
    askers[client] = now
    return true
  }

  private static let maxAskers = 16_384
  /// The time until a client is fresh again, from its first request on. Later requests don't
  /// prolong it, because a scraper that is sent away comes again soon.
  private static let pause = Duration.seconds(10)

  /// Removes the last check of the queue.
  private func makeRoom() -> Bool {
    guard let digest = queue.popLast() else { return false }
    sendAway(digest)
    return true
  }

  /// Removes a check from the queue after it has waited too long.
  private func expire(_ digest: PasswordDigest, _ number: Int) async {
    try? await Task.sleep(for: limits.patience)
    guard checks[digest]?.number == number, let place = queue.firstIndex(of: digest) else { return }
    queue.remove(at: place)
    sendAway(digest)
  }

  private func sendAway(_ digest: PasswordDigest) {
    for request in checks.removeValue(forKey: digest)?.requests ?? [] { request.finish() }
  }

  /// Runs the checks of the queue, in their order.
  private func work() async {
    while let next = queue.first {
      let reserve = checks[next]?.isFresh ?? true ? Duration.zero : limits.savings / 2
      let delay = budget.delay(keeping: reserve)
      if delay > .zero {
        // It sleeps only briefly, because another check may become the next one.
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

internal import IPTablesSource
internal import KubeProxy
internal import Logging
internal import Netfilter
internal import Platform

/// Reports that something fails, and that it works again: each once.
struct FailureLog {
  private let subject: String
  private var last: ReadingError?

  /// - Parameter subject: What fails, as messages begin.
  init(_ subject: String) { self.subject = subject }

  /// Takes in how it went; nil where it didn't fail.
  mutating func note(
    _ failure: ReadingError?, in logger: Logger, _ metadata: Logger.Metadata = [:]
  ) {
    if failure == last { return }
    last = failure
    guard let failure else { return logger.info("\(subject) works again", metadata: metadata) }
    logger.error("\(subject) failed", metadata: metadata.merging(["error": "\(failure)"]) { $1 })
  }
}

/// Says what changes from reading to reading, once.
struct ReadingLog {
  private let logger: Logger
  private var failures: [FamilyIdentity: FailureLog] = [:]
  private var accountFailures = FailureLog("reading nfacct's objects")
  private var conntrack = ConntrackOutcome.read
  private var backend: Backend?
  private var mode: KubeProxyMode?
  /// Where Kubernetes' chains were, if in both backends; else empty.
  private var mixed: Set<FamilyIdentity> = []
  private let patternWarnings = MessageLimit()
  private var patternFailures: Set<MatchingError> = []

  init(_ logger: Logger) { self.logger = logger }

  mutating func note(_ state: RulesetState) {
    let reading = state.source
    for family in reading.families { note(family) }
    if let choice = reading.choice { note(choice) }
    if let accounts = reading.accounts { note(accounts) }
    if let conntrack = reading.conntrack { note(conntrack) }
    note(state.mode)
    note(mixedBackendsOf: state)
    note(state.servicePatternFailure, state.rulePatternFailure)
  }

  /// Says that both backends hold chains of Kubernetes, and that one does again.
  private mutating func note(mixedBackendsOf state: RulesetState) {
    // What can't be read for now is as it was.
    if !state.families.allSatisfy({ $0.reading != nil }) { return }
    let holders =
      state.hasMixedBackends
      ? state.families.filter { $0.landmarks.contains(.kubernetes) }.map(\.identity) : []
    let now = Set(holders)
    if now == mixed { return }
    mixed = now
    if now.isEmpty { return logger.info("one backend holds Kubernetes' chains again") }
    for backend in Backend.allCases {
      let families = now.sorted().filter { $0.backend == backend }.map(\.family.rawValue)
      guard !families.isEmpty, backend != state.source.choice?.backend else { continue }
      logger.warning(
        "both backends hold chains of Kubernetes",
        metadata: [
          "other": "\(backend)", "ip_families": "\(families.joined(separator: ","))",
          "kube_proxy": "\(state.source.choice.map { "\($0.backend)" } ?? "unknown")",
        ])
    }
  }

  /// Says that patterns take too long, as often as it is for another reason.
  private mutating func note(_ failures: MatchingError?...) {
    let failures = Set(failures.compactMap(\.self))
    for failure in failures.subtracting(patternFailures) {
      guard let leftOut = patternWarnings.admit() else { continue }
      logger.warning(
        "a pattern takes too long", metadata: ["error": "\(failure)", "left_out": "\(leftOut)"])
    }
    patternFailures = failures
  }

  private mutating func note(_ reading: FamilyReading) {
    failures[reading.identity, default: FailureLog("reading")].note(
      reading.result.failure, in: logger,
      ["backend": "\(reading.backend)", "ip_family": "\(reading.family.rawValue)"])
  }

  private mutating func note(_ accounts: PacketAccounts) {
    let failure: ReadingError? = if case .failed(let error) = accounts { error } else { nil }
    accountFailures.note(failure, in: logger)
  }

  /// Why the connection table's counters aren't known.
  private enum ConntrackOutcome: Equatable {
    case read
    case notRead(reason: String)
    case failed(ReadingError)
  }

  /// Says that connection tracking is not read, or can't be, and why; and that it is again.
  private mutating func note(_ reading: ConntrackReading) {
    let outcome: ConntrackOutcome =
      switch reading {
      case .read: .read
      case .absent: .notRead(reason: "the kernel has not loaded nf_conntrack_netlink")
      case .unknown:
        .notRead(reason: "the kernel does not show whether it has loaded nf_conntrack_netlink")
      case .failed(let error): .failed(error)
      }
    guard outcome != conntrack else { return }
    conntrack = outcome
    switch outcome {
    case .read: logger.info("reading connection tracking works again")
    case .notRead(let reason):
      logger.info("connection tracking is not read", metadata: ["reason": "\(reason)"])
    case .failed(let error):
      logger.error("reading connection tracking failed", metadata: ["error": "\(error)"])
    }
  }

  private mutating func note(_ choice: BackendChoice) {
    guard choice.backend != backend else { return }
    let (new, reason) = ("\(choice.backend)", "\(choice.reason.rawValue)")
    if let backend {
      logger.info(
        "backend changed",
        metadata: ["from": "\(backend)", "to": "\(new)", "reason": "\(reason)"])
    } else {
      logger.info("backend chosen", metadata: ["backend": "\(new)", "reason": "\(reason)"])
    }
    backend = choice.backend
  }

  private mutating func note(_ new: KubeProxyMode) {
    if let mode, mode != new {
      logger.info(
        "kube-proxy's mode changed",
        metadata: ["from": "\(mode.rawValue)", "to": "\(new.rawValue)"])
    }
    mode = new
  }
}

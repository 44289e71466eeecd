import IPTablesSource
import Netfilter
import Synchronization
import TestSupport

/// A source whose readings are given: one after the other, the last for ever.
final class ScriptedSource: RulesetSource {
  private var steps: [RulesetReading]
  private let record: SourceRecord

  /// - Parameter record: Where it keeps what it is asked.
  init(_ steps: [RulesetReading], _ record: SourceRecord = SourceRecord()) {
    self.steps = steps
    self.record = record
  }

  convenience init(_ steps: [[FamilyReading]], _ record: SourceRecord = SourceRecord()) {
    self.init(steps.map { RulesetReading(families: $0) }, record)
  }

  func read(_ counters: CounterSelection) -> RulesetReading {
    record.note(counters)
    guard let step = steps.first else { return RulesetReading(families: []) }
    if steps.count > 1 { steps.removeFirst() }
    return step
  }

  func mayHaveChanged() -> Bool { record.mayHaveChanged ?? (steps.count > 1) }
}

/// What a source was asked, and what it is to say; shared with the test.
final class SourceRecord: Sendable {
  private struct Storage {
    var asked: [CounterSelection] = []
    var mayHaveChanged: Bool?
    var processorTime = Duration.zero
    var cost = Duration.zero
  }

  private let storage = Mutex(Storage())

  /// The counters of each reading.
  var asked: [CounterSelection] { storage.withLock(\.asked) }

  /// Whether something may have changed; nil for as the steps have it.
  var mayHaveChanged: Bool? {
    get { storage.withLock(\.mayHaveChanged) }
    set { storage.withLock { $0.mayHaveChanged = newValue } }
  }

  /// What each reading takes of the processor.
  var cost: Duration {
    get { storage.withLock(\.cost) }
    set { storage.withLock { $0.cost = newValue } }
  }

  /// What all readings took.
  var processorTime: Duration { storage.withLock(\.processorTime) }

  fileprivate func note(_ counters: CounterSelection) {
    storage.withLock { storage in
      storage.asked.append(counters)
      storage.processorTime += storage.cost
    }
  }
}

extension FamilyReading {
  init(_ snapshot: FamilySnapshot, isFollowed: Bool = true) {
    self.init(
      backend: snapshot.backend, family: snapshot.family, result: .success(snapshot),
      isFollowed: isFollowed)
  }

  init(_ ruleset: RulesetText) throws { self.init(try ruleset.snapshot()) }

  /// A reading that failed.
  static func failed(
    _ family: IPFamily, _ backend: Backend = .legacy, cause: String = "Permission denied",
    isFollowed: Bool = true
  ) -> FamilyReading {
    FamilyReading(
      backend: backend, family: family,
      result: .failure(ReadingError(operation: .readTable(family, .nat), code: 1, cause: cause)),
      isFollowed: isFollowed)
  }
}

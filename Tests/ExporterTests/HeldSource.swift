import Dispatch
import Glibc
import IPTablesSource
import Synchronization

/// A source whose readings wait until they may go on.
final class HeldSource: RulesetSource {
  private let readings: ScriptedSource
  private let gate: Gate

  init(_ steps: [[FamilyReading]], _ gate: Gate, _ record: SourceRecord = SourceRecord()) {
    readings = ScriptedSource(steps, record)
    self.gate = gate
  }

  func read(_ counters: CounterSelection) -> RulesetReading {
    gate.pass()
    return readings.read(counters)
  }

  func mayHaveChanged() -> Bool { readings.mayHaveChanged() }

  /// Lets through, once it is open, all that come.
  final class Gate: Sendable {
    /// How many scrapes are about to ask.
    let scrapes = Atomic(0)
    /// How many readings came to the gate.
    let readings = Atomic(0)
    private let semaphore = DispatchSemaphore(value: 0)

    func open() { semaphore.signal() }

    /// To be called where it is open.
    func close() { semaphore.wait() }

    fileprivate func pass() {
      readings.add(1, ordering: .relaxed)
      semaphore.wait()
      semaphore.signal()
    }

    /// Waits until so many scrapes ask.
    func untilAsked(by count: Int) async throws {
      while scrapes.load(ordering: .relaxed) < count {
        try await Task.sleep(for: .milliseconds(1))
      }
      // From arriving to asking it is a few instructions.
      try await Task.sleep(for: .milliseconds(200))
    }

    /// Waits until so many readings have begun.
    func untilRead(_ count: Int) async throws {
      while readings.load(ordering: .relaxed) < count {
        try await Task.sleep(for: .milliseconds(1))
      }
    }
  }
}

/// A source whose readings take a while after they have read the rules.
final class SlowSource: RulesetSource {
  private let source: ScriptedSource

  init(_ source: sending ScriptedSource) { self.source = source }

  func read(_ counters: CounterSelection) -> RulesetReading {
    let reading = source.read(counters)
    usleep(200_000)
    return reading
  }

  func mayHaveChanged() -> Bool { source.mayHaveChanged() }
}

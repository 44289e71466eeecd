import Testing

@testable import HTTPEndpoint

@Suite struct RequestGateTests {
  /// Waits until so many wait at the gate.
  private func settle(_ gate: RequestGate, waiting: Int) async throws {
    while gate.waitingCount != waiting { try await Task.sleep(for: .milliseconds(1)) }
  }

  @Test func `addresses take turns, and the requests of one come in their order`() async throws {
    let gate = RequestGate(limit: 1, patience: .seconds(60))
    #expect(await gate.enter(from: "busy"))
    let (entries, entry) = AsyncStream.makeStream(of: String.self)
    await withDiscardingTaskGroup { group in
      let arrivals = ["busy 1", "busy 2", "busy 3", "other 1", "third 1", "other 2"]
      for (count, name) in arrivals.enumerated() {
        group.addTask {
          #expect(await gate.enter(from: String(name.dropLast(2))))
          entry.yield(name)
          gate.leave()
        }
        try? await settle(gate, waiting: count + 1)
      }
      gate.leave()
    }
    entry.finish()
    let order = await entries.reduce(into: []) { $0.append($1) }
    #expect(order == ["busy 1", "other 1", "third 1", "busy 2", "other 2", "busy 3"])
  }

  @Test func `nobody waits for longer than the patience`() async throws {
    let gate = RequestGate(limit: 2, patience: .milliseconds(50))
    #expect(await gate.enter(from: "one"))
    #expect(await gate.enter(from: "one"))
    #expect(await !gate.enter(from: "two"))
    #expect(gate.waitingCount == 0)
    gate.leave()
    #expect(await gate.enter(from: "two"))
  }

  @Test func `a limit of 0 is none`() async {
    let gate = RequestGate(limit: 0)
    for _ in 1...1000 { #expect(await gate.enter(from: "one")) }
  }
}

import Synchronization

/// Admits a limited number of requests at once; further requests wait for their turn.
///
/// Addresses take turns, so that one with many requests does not keep another out. Requests of one
/// address enter in the order in which they arrived.
public final class RequestGate: Sendable {
  fileprivate struct Waiter {
    let number: UInt64
    let continuation: CheckedContinuation<Bool, Never>
  }

  fileprivate struct State {
    var inside = 0
    var lastNumber: UInt64 = 0
    var waiters: [String: [Waiter]] = [:]
    /// The addresses of the requests that wait; it is the first one's turn.
    var turns: [String] = []
  }

  private let limit: Int
  private let patience: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: How many requests are admitted at once; 0 for no limit.
  ///   - patience: How long a request may wait for its turn.
  public init(limit: Int, patience: Duration = .seconds(5)) {
    self.limit = limit
    self.patience = patience
  }

  /// How many requests wait.
  var waitingCount: Int { state.withLock { $0.waiters.values.reduce(0) { $0 + $1.count } } }

  /// Waits until one more request may enter.
  ///
  /// - Returns: Whether the request has entered, and must ``leave()``; false if it waited too long.
  public func enter(from address: String) async -> Bool {
    let number = state.withLock { state -> UInt64? in
      if limit == 0 || state.inside < limit {
        state.inside += 1
        return nil
      }
      state.lastNumber += 1
      return state.lastNumber
    }
    guard let number else { return true }
    let timer = Task {
      try await Task.sleep(for: patience)
      giveUp(number, from: address)
    }
    defer { timer.cancel() }
    return await withCheckedContinuation { continuation in
      let mayEnter = state.withLock { state in
        // Another request may have left in the meantime.
        if state.inside < limit {
          state.inside += 1
          return true
        }
        state.add(Waiter(number: number, continuation: continuation), from: address)
        return false
      }
      if mayEnter { continuation.resume(returning: true) }
    }
  }

  /// Ends a request, and admits the next one.
  public func leave() {
    let next = state.withLock { state in
      let next = state.takeNext()
      if next == nil { state.inside -= 1 }
      return next
    }
    next?.continuation.resume(returning: true)
  }

  private func giveUp(_ number: UInt64, from address: String) {
    let waiter = state.withLock { $0.remove(number, from: address) }
    waiter?.continuation.resume(returning: false)
  }
}

extension RequestGate.State {
  fileprivate mutating func add(_ waiter: RequestGate.Waiter, from address: String) {
    if waiters[address] == nil { turns.append(address) }
    waiters[address, default: []].append(waiter)
  }

  fileprivate mutating func takeNext() -> RequestGate.Waiter? {
    guard let address = turns.first, let next = waiters[address]?.first else { return nil }
    _ = remove(next.number, from: address)
    if waiters[address] != nil {
      turns.removeFirst()
      turns.append(address)
    }
    return next
  }

  fileprivate mutating func remove(_ number: UInt64, from address: String) -> RequestGate.Waiter? {
    guard let index = waiters[address]?.firstIndex(where: { $0.number == number }) else {
      return nil
    }
    let waiter = waiters[address]?.remove(at: index)
    if waiters[address]?.isEmpty ?? false {
      waiters[address] = nil
      turns.removeAll { $0 == address }
    }
    return waiter
  }
}

import Netfilter
import Platform
import Testing

@testable import IPTablesSource

@Suite("Each event has a state of the reader of nf_tables followed by another")
struct NFTReadingStateTests {
  typealias State = NFTReadingState
  typealias Action = NFTReadingState.Action
  typealias Tables = NFTReadingState.Tables

  enum Event: Sendable {
    case request
    case generation(UInt32, State.News = .none, hasGap: Bool = false)
    case setNames(areOthers: Bool)
    case tables(listed: Tables, whole: Tables)
    case counters
    case failure(NFTError)

    func happen(to state: inout State) -> Action {
      switch self {
      case .request: state.readingRequested()
      case .generation(let number, let news, let hasGap):
        state.generationReceived(number, news, hasGap: hasGap)
      case .setNames(let areOthers): state.setNamesRenewed(areOthers: areOthers)
      case .tables(let listed, let whole): state.tablesRead(listed: listed, whole: whole)
      case .counters: state.countersRead()
      case .failure(let error): state.failed(error)
      }
    }

    /// Whether the event may be one of what the state waits for. Everything may fail, and be begun anew.
    func isExpected(in state: State) -> Bool {
      switch (self, state) {
      case (.generation, .comparing), (.generation, .asking), (.generation, .confirming),
        (.generation, .explaining), (.setNames, .renewing), (.tables, .readingTables),
        (.counters, .readingCounters), (.failure, _), (.request, _):
        true
      default: false
      }
    }
  }

  struct Transition: Sendable, CustomTestStringConvertible {
    let former: State
    let event: Event
    let next: State
    let action: Action

    init(_ former: State, _ event: Event, _ next: State, _ action: Action) {
      self.former = former
      self.event = event
      self.next = next
      self.action = action
    }

    var testDescription: String { "\(former), \(event)" }
  }

  private static let none = State.Attempts()
  private static let some = State.Attempts(total: 4, contradictions: 1)
  private static let next = State.Attempts(total: 5, contradictions: 1)
  private static let contradicted = State.Attempts(total: 5, contradictions: 2)
  private static let nat: Tables = [.init(family: .ipv4, table: .nat)]
  private static let both = nat.union([.init(family: .ipv6, table: .filter)])
  private static let broken = NFTError.refused(.init(code: 9))

  private static let beginnings = [
    Transition(.closed(nil), .request, .asking(.nothing, none), .open),
    Transition(.closed(.notLoaded), .request, .asking(.nothing, none), .open),
    Transition(.current(7), .request, .comparing(7), .askGeneration),
    // No reading is left in the middle; if one were, the next would rely on nothing.
    Transition(.renewing(7, .nothing, some), .request, .asking(.nothing, none), .open),
    Transition(
      .comparing(7), .generation(7), .readingCounters(7, doubtful: [], none),
      .readCounters(except: [])),
    Transition(
      .comparing(7), .generation(8), .renewing(8, .allButChanges(doubtful: []), none),
      .renewSetNames),
    // A transaction may be announced, though the number is the one that is known.
    Transition(
      .comparing(7), .generation(7, .some), .renewing(7, .allButChanges(doubtful: []), none),
      .renewSetNames),
    // What is broken fails the reading at its end.
    Transition(
      .comparing(7), .generation(7, .broken(broken)),
      .renewing(7, .allButChanges(doubtful: []), none), .renewSetNames),
    Transition(
      .asking(.nothing, none), .generation(7), .renewing(7, .nothing, none), .renewSetNames),
    Transition(
      .asking(.allButChanges(doubtful: nat), some), .generation(8, .some),
      .renewing(8, .allButChanges(doubtful: nat), some), .renewSetNames),
  ]

  private static let steps = [
    Transition(
      .renewing(7, .nothing, some), .setNames(areOthers: false), .readingTables(7, some),
      .readAll(upTo: 7)),
    Transition(
      .renewing(7, .nothing, some), .setNames(areOthers: true), .readingTables(7, some),
      .readAll(upTo: 7)),
    Transition(
      .renewing(7, .allButChanges(doubtful: nat), some), .setNames(areOthers: false),
      .readingTables(7, some), .readChanges(upTo: 7, doubtful: nat)),
    Transition(
      .renewing(7, .allButChanges(doubtful: nat), some), .setNames(areOthers: true),
      .readingTables(7, some), .readAll(upTo: 7)),
    Transition(
      .readingTables(7, some), .tables(listed: both, whole: nat),
      .readingCounters(7, doubtful: both, some), .readCounters(except: nat)),
    Transition(
      .readingTables(7, some), .failure(.notFound), .explaining(7, .nothing, some),
      .askGeneration),
    Transition(
      .readingCounters(7, doubtful: nat, some), .counters, .confirming(7, doubtful: nat, some),
      .askGeneration),
    Transition(
      .readingCounters(7, doubtful: nat, some), .failure(.notFound),
      .explaining(7, .allButChanges(doubtful: nat), some), .askGeneration),
  ]

  private static let ends = [
    Transition(.confirming(7, doubtful: nat, some), .generation(7), .current(7), .finish),
    // A transaction came, and announcements name what it changed.
    Transition(
      .confirming(7, doubtful: nat, some), .generation(8),
      .asking(.allButChanges(doubtful: nat), next), .askGeneration),
    Transition(
      .confirming(7, doubtful: nat, some), .generation(7, .some),
      .asking(.allButChanges(doubtful: nat), next), .askGeneration),
    Transition(
      .confirming(7, doubtful: nat, some), .generation(8, .some, hasGap: true),
      .asking(.allButChanges(doubtful: nat), next), .askGeneration),
    Transition(
      .explaining(7, .allButChanges(doubtful: nat), some), .generation(8),
      .asking(.allButChanges(doubtful: nat), next), .askGeneration),
    Transition(
      .explaining(7, .nothing, some), .generation(7, .some), .asking(.nothing, next),
      .askGeneration),
    // None came: nobody knows what else is missing.
    Transition(
      .confirming(7, doubtful: nat, some), .generation(7, hasGap: true),
      .asking(.nothing, contradicted), .askGeneration),
    Transition(
      .explaining(7, .allButChanges(doubtful: nat), some), .generation(7),
      .asking(.nothing, contradicted), .askGeneration),
    Transition(
      .explaining(7, .nothing, some), .generation(7, hasGap: true),
      .asking(.nothing, contradicted), .askGeneration),
  ]

  private static let failures = [
    Transition(
      .confirming(7, doubtful: nat, .init(total: 11)), .generation(8), .closed(.overtaken),
      .fail(.overtaken)),
    Transition(
      .explaining(7, .nothing, .init(total: 11)), .generation(8), .closed(.overtaken),
      .fail(.overtaken)),
    Transition(
      .confirming(7, doubtful: nat, .init(total: 2, contradictions: 2)),
      .generation(7, hasGap: true), .closed(.contradictory), .fail(.contradictory)),
    Transition(
      .explaining(7, .nothing, .init(total: 11, contradictions: 2)), .generation(7),
      .closed(.contradictory), .fail(.contradictory)),
    Transition(
      .confirming(7, doubtful: [], none), .generation(7, .broken(broken)), .closed(broken),
      .fail(broken)),
    Transition(
      .explaining(7, .nothing, none), .generation(8, .broken(broken)), .closed(broken),
      .fail(broken)),
    // A socket of which the kernel says that it doesn't exist is no rule that is gone.
    Transition(
      .confirming(7, doubtful: [], none), .generation(7, .broken(.notFound)), .closed(.notFound),
      .fail(.notFound)),
  ]

  @Test(
    "A state and an event make a state and an action",
    arguments: [beginnings, steps, ends, failures].joined())
  func transition(_ transition: Transition) {
    var state = transition.former
    #expect(transition.event.happen(to: &state) == transition.action)
    #expect(state == transition.next)
  }

  private static let states: [State] = [
    .closed(nil), .current(7), .comparing(7), .asking(.nothing, none), .renewing(7, .nothing, none),
    .readingTables(7, none), .readingCounters(7, doubtful: [], none),
    .confirming(7, doubtful: [], none), .explaining(7, .nothing, none),
  ]

  @Test(
    "An event that no action asked for fails the reading, and does nothing else", arguments: states)
  func unexpected(_ former: State) {
    let events: [Event] = [
      .generation(7), .setNames(areOthers: false), .tables(listed: [], whole: []), .counters,
    ]
    for event in events where !event.isExpected(in: former) {
      var state = former
      #expect(event.happen(to: &state) == .fail(.malformed), "\(event)")
      #expect(state == .closed(.malformed), "\(event)")
    }
  }

  @Test("An error fails the reading as what it is", arguments: states)
  func failed(_ former: State) {
    let errors: [NFTError] = [
      .timedOut, .overrun, .malformed, .notLoaded, .notPermitted, Self.broken, .notFound,
    ]
    for error in errors {
      var state = former
      switch former {
      case .readingTables, .readingCounters: if error == .notFound { continue }
      default: break
      }
      #expect(state.failed(error) == .fail(error))
      #expect(state == .closed(error))
    }
  }

  @Test("Transactions fail a reading at the twelfth attempt, contradictions at the third")
  func attempts() {
    var state = State.closed(nil)
    #expect(Self.attempts(&state, hasGap: false) == 12)
    #expect(state == .closed(.overtaken))
    #expect(Self.attempts(&state, hasGap: true) == 3)
    #expect(state == .closed(.contradictory))
  }

  /// Makes attempts until the reading fails; in each a transaction comes, or something is missing.
  private static func attempts(_ state: inout State, hasGap: Bool) -> Int {
    var count = 0
    _ = state.readingRequested()
    repeat {
      count += 1
      let number = UInt32(count)
      _ = state.generationReceived(number, .none, hasGap: false)
      _ = state.setNamesRenewed(areOthers: false)
      _ = state.tablesRead(listed: [], whole: [])
      _ = state.countersRead()
      _ = state.generationReceived(hasGap ? number : number + 1, .none, hasGap: hasGap)
      if case .closed = state { return count }
    } while count < 100
    return count
  }
}

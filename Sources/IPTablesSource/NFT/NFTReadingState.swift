internal import Netfilter

/// Where the reader of nf_tables stands: between two readings, or at a step of one.
///
///     closed, current ▶ asking ▶ renewing ▶ readingTables ▶ readingCounters ▶ confirming ▶ current
///
/// Each function is an event: it moves to the next state, and returns what to do there.
enum NFTReadingState: Equatable {
  /// Nothing is open: before the first reading, or because the last one failed.
  case closed(NFTError?)
  /// No reading is under way. The tables are those of a generation.
  case current(UInt32)
  /// Waits for the generation's number, which may still be that of the tables.
  case comparing(UInt32)
  /// Waits for the generation's number, which is that of no table.
  case asking(Knowledge, Attempts)
  /// Waits for the names of ipset's sets.
  case renewing(UInt32, Knowledge, Attempts)
  case readingTables(UInt32, Attempts)
  case readingCounters(UInt32, doubtful: Tables, Attempts)
  /// Has read everything, and waits for the generation's number, which may have moved meanwhile.
  case confirming(UInt32, doubtful: Tables, Attempts)
  /// Has missed something, and waits for the generation's number, which explains it where it moved.
  case explaining(UInt32, Knowledge, Attempts)

  typealias Tables = Set<NFTChanges.Identity>

  /// What is known of the tables.
  enum Knowledge: Equatable {
    /// Everything must be read.
    case nothing
    /// Announcements name what has changed since the tables were read.
    ///
    /// The chains of doubtful tables were listed while a transaction came. The kernel goes on with a
    /// list where so many chains were passed over, whichever they were; so a transaction on one table
    /// may double or hide another's chains. Rules are asked for chain by chain.
    case allButChanges(doubtful: Tables)
  }

  /// How often the present reading has begun over.
  struct Attempts: Equatable {
    var total = 0
    /// Because something was missing, though no transaction came.
    var contradictions = 0

    static let most = 12
    /// A generation's number is there a little before its rules, so that once proves nothing.
    static let mostContradictions = 3
  }

  /// Whether there were announcements since changes were last taken.
  enum News: Equatable {
    case none
    /// A transaction was announced, or announcements were lost.
    case some
    /// No more can be received.
    case broken(NFTError)
  }

  enum Action: Equatable {
    /// Open connections, listen to announcements if that is allowed, and ask for the generation.
    case open
    case askGeneration
    case renewSetNames
    /// Read everything, and forget what was announced up to the generation.
    case readAll(upTo: UInt32)
    /// Read what was announced up to the generation, and what the lists of doubtful tables name anew.
    case readChanges(upTo: UInt32, doubtful: Tables)
    /// Read the counters that are wanted, but for tables that were read whole.
    case readCounters(except: Tables)
    case finish
    /// Close the connections: the reading failed.
    case fail(NFTError)
  }

  mutating func readingRequested() -> Action {
    guard case .current(let generation) = self else {
      self = .asking(.nothing, Attempts())
      return .open
    }
    self = .comparing(generation)
    return .askGeneration
  }

  /// - Parameter hasGap: whether a dump since the last number lacked something.
  mutating func generationReceived(_ number: UInt32, _ news: News, hasGap: Bool) -> Action {
    switch self {
    case .comparing(number) where news == .none:
      self = .readingCounters(number, doubtful: [], Attempts())
      return .readCounters(except: [])
    case .comparing:
      self = .renewing(number, .allButChanges(doubtful: []), Attempts())
      return .renewSetNames
    case .asking(let knowledge, let attempts):
      self = .renewing(number, knowledge, attempts)
      return .renewSetNames
    case .confirming(number, _, _) where news == .none && !hasGap:
      self = .current(number)
      return .finish
    case .confirming(let generation, let tables, let attempts):
      return beginOver(
        .allButChanges(doubtful: tables), attempts, isStill: number == generation, news)
    case .explaining(let generation, let knowledge, let attempts):
      return beginOver(knowledge, attempts, isStill: number == generation, news)
    default: return failed(.malformed)
    }
  }

  /// - Parameter areOthers: whether a set has another name, so that rules may name it wrongly.
  mutating func setNamesRenewed(areOthers: Bool) -> Action {
    guard case .renewing(let generation, let knowledge, let attempts) = self else {
      return failed(.malformed)
    }
    self = .readingTables(generation, attempts)
    guard !areOthers, case .allButChanges(let tables) = knowledge else {
      return .readAll(upTo: generation)
    }
    return .readChanges(upTo: generation, doubtful: tables)
  }

  /// - Parameters:
  ///   - listed: the tables whose chains were listed.
  ///   - whole: those of them that were read whole, counters included.
  mutating func tablesRead(listed: Tables, whole: Tables) -> Action {
    guard case .readingTables(let generation, let attempts) = self else {
      return failed(.malformed)
    }
    self = .readingCounters(generation, doubtful: listed, attempts)
    return .readCounters(except: whole)
  }

  mutating func countersRead() -> Action {
    guard case .readingCounters(let generation, let tables, let attempts) = self else {
      return failed(.malformed)
    }
    self = .confirming(generation, doubtful: tables, attempts)
    return .askGeneration
  }

  /// The action failed, or was none of this state's.
  mutating func failed(_ error: NFTError) -> Action {
    switch self {
    case .readingTables(let generation, let attempts) where error == .notFound:
      self = .explaining(generation, .nothing, attempts)
      return .askGeneration
    case .readingCounters(let generation, let tables, let attempts) where error == .notFound:
      self = .explaining(generation, .allButChanges(doubtful: tables), attempts)
      return .askGeneration
    default:
      self = .closed(error)
      return .fail(error)
    }
  }

  private mutating func beginOver(
    _ knowledge: Knowledge, _ attempts: Attempts, isStill: Bool, _ news: News
  ) -> Action {
    if case .broken(let error) = news { return failed(error) }
    // An announcement that came during the reading may be of what was half in force then.
    let isContradiction = isStill && news == .none
    var attempts = attempts
    attempts.total += 1
    if isContradiction { attempts.contradictions += 1 }
    if attempts.contradictions == Attempts.mostContradictions { return failed(.contradictory) }
    if attempts.total == Attempts.most { return failed(.overtaken) }
    // No announcement will name what was missing without a transaction.
    self = .asking(isContradiction ? .nothing : knowledge, attempts)
    return .askGeneration
  }
}

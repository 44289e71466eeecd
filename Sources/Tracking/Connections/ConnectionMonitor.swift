package import IPTablesSource
package import KubeProxy
package import Logging
package import Netfilter
internal import Platform
internal import Synchronization

/// Dumps the connection table now and then, and judges connections by the rules. It has a thread of its own,
/// so no scrape waits for a dump.
package actor ConnectionMonitor {
  private let executor = BlockingExecutor(label: "connections")
  private let source: any ConnectionSource
  private let rules: RulesetMonitor
  private let logger: Logger
  private let now: @Sendable () -> Moment
  private let countsEndpoints: Bool
  private let published = Mutex<ConnectionReport?>(nil)
  /// What the last dump showed of each family's stale connections.
  private var traffic: [IPFamily: ConnectionTraffic] = [:]
  /// When it ended; nil where there is none to compare with.
  private var lastDump: Moment?
  private var failures = FailureLog("dumping the connection table")

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// - Parameters:
  ///   - rules: What connections are judged by.
  ///   - countsEndpoints: Whether the connections of each endpoint are counted.
  package init(
    source: sending any ConnectionSource, rules: RulesetMonitor, countsEndpoints: Bool,
    logger: Logger, now: @escaping @Sendable () -> Moment
  ) {
    self.source = source
    self.rules = rules
    self.countsEndpoints = countsEndpoints
    self.logger = logger
    self.now = now
  }

  /// What the last dump came to; nil before the first, and where the kernel may not be asked.
  package nonisolated var report: ConnectionReport? { published.withLock { $0 } }

  /// Dumps the table, and publishes what that came to.
  ///
  /// Connections are judged by the rules from before the dump, and those that look stale by the rules from
  /// after it as well: so rules that changed meanwhile make no connection stale.
  ///
  /// - Parameter processorTime: What the process has used so far.
  /// - Returns: What the dump took of the processor's time.
  package func dump(_ processorTime: @Sendable () -> Duration) async -> Duration {
    let start = processorTime()
    let before = await judgedFamilies(since: nil)
    do throws(ReadingError) {
      if let counts = try count(before) {
        await publish(counts)
      } else {
        forget()
        published.withLock { $0 = nil }
      }
      failures.note(nil, in: logger)
    } catch {
      failures.note(error, in: logger)
      forget()
      published.withLock { $0 = ConnectionReport(families: [], failure: error) }
    }
    return processorTime() - start
  }

  /// Forgets the last dump: the next one can't be compared with it.
  private func forget() {
    lastDump = nil
    traffic = [:]
  }

  private func publish(_ counts: [(JudgedFamily, ConnectionCensus)]) async {
    let time = now()
    lastDump = time
    // A family that wasn't dumped can't be compared at the next dump.
    traffic = traffic.filter { known in counts.contains { $0.0.family == known.key } }
    let isAnyStale = counts.contains { !$0.1.stale.isEmpty }
    let after = isAnyStale ? await judgedFamilies(since: time) : []
    let families = counts.map { family, census in
      report(of: census, family, confirmedBy: after.first { $0.family == family.family })
    }
    published.withLock { $0 = ConnectionReport(families: families, failure: nil) }
  }

  /// - Parameter begin: The earliest time at which the rules may have been read; nil where any reading serves.
  private func judgedFamilies(since begin: Moment?) async -> [JudgedFamily] {
    let families = await rules.withState([]) { state -> [JudgedFamily]? in
      if let begin, !state.reading.began(after: begin) { return nil }
      return state.judgedFamilies
    }
    if case .some(let families?) = families { return families }
    // That reading was under way already. Another one has begun after it.
    return await rules.withState([]) { $0.judgedFamilies } ?? []
  }

  private func count(
    _ families: [JudgedFamily]
  ) throws(ReadingError) -> [(JudgedFamily, ConnectionCensus)]? {
    let local = source.localAddresses()
    var counts: [(JudgedFamily, ConnectionCensus)] = []
    for family in families {
      var census = ConnectionCensus(
        family.destinations, isLocal: { local.contains($0) },
        former: traffic[family.family] ?? ConnectionTraffic(),
        elapsed: lastDump?.age(at: now()) ?? 0)
      guard try source.forEachTranslated(family.family, { census.take($0) }) else { return nil }
      traffic[family.family] = census.takeTraffic()
      counts.append((family, census))
    }
    return counts
  }

  private func report(
    of census: ConnectionCensus, _ family: JudgedFamily, confirmedBy later: JudgedFamily?
  ) -> ConnectionReport.Family {
    var stale: [ServicePort: StaleCounts] = [:]
    for (place, counts) in census.stale {
      let port = family.ports[place.service]
      guard later?.isStale(place.endpoint, of: port) == true else { continue }
      stale[port, default: StaleCounts()] += counts
    }
    var endpoints: [ServicePort: [(endpoint: String, connections: Int)]] = [:]
    if countsEndpoints {
      for (service, port) in family.ports.enumerated() {
        endpoints[port] = family.destinations.endpoints(ofServiceAt: service).map {
          ($0.destination.description, Int(census.connections[$0.index]))
        }
      }
    }
    return ConnectionReport.Family(family: family.family, stale: stale, endpoints: endpoints)
  }
}

/// What the last dump of the connection table came to. It never changes; another dump makes another.
package final class ConnectionReport: Sendable {
  /// Sorted by family.
  package let families: [Family]
  /// Why the table could not be dumped; nil where it was, or nobody may ask the kernel.
  package let failure: ReadingError?

  package struct Family: Sendable {
    package let family: IPFamily
    /// Connections that the rules no longer explain, of service ports that have any.
    package let stale: [ServicePort: StaleCounts]
    /// The connections of each endpoint, by its destination; empty where nobody wants to know.
    package let endpoints: [ServicePort: [(endpoint: String, connections: Int)]]

    package var total: StaleCounts {
      stale.values.reduce(into: StaleCounts()) { $0 += $1 }
    }
  }

  init(families: [Family], failure: ReadingError?) {
    self.families = families
    self.failure = failure
  }
}

extension RulesetState {
  /// The service ports of each family, as connections are judged by them.
  var judgedFamilies: [JudgedFamily] {
    services.compactMap { services in
      snapshot(of: services).map { JudgedFamily($0, services.map) }
    }
  }
}

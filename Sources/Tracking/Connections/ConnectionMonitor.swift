package import IPTablesSource
internal import KubeProxy
package import Logging
internal import Netfilter
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
  private var traffic: [IPFamily: [UInt64: ConnectionCensus.Traffic]] = [:]
  private var lastDump: Moment?
  private var failure: ReadingError?

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
    let before = await judgedFamilies()
    let start = processorTime()
    let time = now()
    var families: [ConnectionReport.Family] = []
    var counts: [(JudgedFamily, ConnectionCensus)] = []
    do throws(ReadingError) {
      for family in before {
        guard let census = try count(family, at: time) else {
          published.withLock { $0 = nil }
          return processorTime() - start
        }
        counts.append((family, census))
      }
      note(nil)
    } catch {
      note(error)
      lastDump = nil
      traffic = [:]
      published.withLock { $0 = ConnectionReport(families: [], failure: error, time: time) }
      return processorTime() - start
    }
    let used = processorTime() - start
    let after = counts.contains { !$0.1.stale.isEmpty } ? await judgedFamilies() : before
    for (family, census) in counts {
      traffic[family.family] = census.traffic
      families.append(
        report(of: census, family, confirmedBy: after.first { $0.family == family.family }))
    }
    lastDump = time
    let report = ConnectionReport(families: families, failure: nil, time: time)
    published.withLock { $0 = report }
    return used
  }

  private func judgedFamilies() async -> [JudgedFamily] {
    await rules.withState([]) { $0.judgedFamilies } ?? []
  }

  private func count(
    _ family: JudgedFamily, at time: Moment
  ) throws(ReadingError) -> ConnectionCensus? {
    let local = source.localAddresses()
    var census = ConnectionCensus(
      family.destinations, isLocal: { local.contains($0) },
      former: lastDump == nil ? [:] : traffic[family.family] ?? [:],
      elapsed: lastDump?.age(at: time) ?? 0)
    let isReadable = try source.forEachTranslated(family.family) { census.take($0) }
    return isReadable ? census : nil
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

  /// Says that the table can't be dumped, and that it can again.
  private func note(_ failure: ReadingError?) {
    guard failure != self.failure else { return }
    self.failure = failure
    if let failure {
      logger.error("dumping the connection table failed", metadata: ["error": "\(failure)"])
    } else {
      logger.info("dumping the connection table works again")
    }
  }
}

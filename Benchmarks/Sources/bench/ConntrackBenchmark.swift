internal import Glibc
internal import Harness
internal import RulesetGenerator

/// What looking through a large connection table costs, beside a bare dump of it.
struct ConntrackBenchmark {
  private static let warmUps = 1
  private static let size = RulesetSize(services: 100, endpoints: 4)
  private static let flags = ["--backend", "legacy", "--watch-interval", "0"]

  let entries: Int
  let rounds: Int
  let seed: UInt64
  let exporter: String
  let path: String

  func run(_ report: inout Report) throws {
    let cluster = Cluster(
      services: Self.size.services, endpoints: Self.size.endpoints, family: .ipv4, seed: seed)
    _ = try KernelRuleset(
      .legacy, size: Self.size, seed: seed, otherState: { $0.scaledUp($1) })
    try ConnectionTable.fill(cluster, entries: entries)
    report.heading("conntrack: \(try ConnectionTable.dump()) connections to \(Self.size) endpoints")
    var (bare, with, without) = (Samples(), Samples(), Samples())
    var (peak, usual) = (0, 0)
    var (beside, alone) = (Samples(), Samples())
    for round in 0..<rounds + Self.warmUps {
      if round == Self.warmUps {
        bare.removeAll()
        with.removeAll()
        without.removeAll()
        beside.removeAll()
        alone.removeAll()
      }
      bare.add(try Self.processorTime { _ = try ConnectionTable.dump() })
      let run = try measure(flags: ["--conntrack-interval", "24h"], &beside)
      with.add(run.processorTime)
      peak = max(peak, run.peakMemory)
      let control = try measure(
        flags: ["--conntrack-interval", "0"], scrapes: run.scrapes, &alone)
      without.add(control.processorTime)
      usual = max(usual, control.peakMemory)
    }
    let dump = with.median - without.median
    report.columns("median ms", "least ms", "ratio")
    show("(a) bare netlink dump", bare, value: 1, &report)
    show("(b) an exporter's start and first dump", with, value: with.median / bare.median, &report)
    show("(c) as (b), without a dump", without, value: without.median / bare.median, &report)
    report.line(
      "(d) the dump: (b) less (c)", [dump.rounded(toPlaces: 2), "-"], value: dump / bare.median,
      limit: 1.5)
    show("(e) scrapes of (c)", alone, value: 1, &report)
    show(
      "(f) scrapes of (b), beside the dump", beside, value: beside.median / alone.median, &report,
      limit: 1.5)
    report.line(
      "peak memory above (c)'s", value: Double(peak - usual) / 1e6, unit: " MB", limit: 5)
  }

  /// Starts an exporter, and scrapes it until its first dump is done, or so many times.
  private func measure(
    flags: [String], scrapes: Int? = nil, _ samples: inout Samples
  ) throws -> (processorTime: Duration, scrapes: Int, peakMemory: Int) {
    let process = try ExporterProcess(exporter, arguments: Self.flags + flags)
    var client = try process.connect()
    // The first one waits for the first reading of the rules.
    _ = try client.get(path)
    var count = 0
    while count < scrapes ?? 10_000 {
      count += 1
      let response = try samples.time { try client.get(path) }
      if scrapes == nil, try !response.values(of: "iptables_stale_connections").isEmpty { break }
      usleep(10_000)
    }
    let (time, memory) = (try process.processorTime(), try process.peakMemory())
    process.terminate()
    return (time, count, memory)
  }

  /// What this thread uses of a processor for `body`.
  private static func processorTime(_ body: () throws -> Void) rethrows -> Duration {
    let start = threadTime()
    try body()
    return threadTime() - start
  }

  private static func threadTime() -> Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  private func show(
    _ label: String, _ samples: Samples, value: Double, _ report: inout Report,
    limit: Double? = nil
  ) {
    report.line(
      label, [samples.median.rounded(toPlaces: 2), samples.minimum.rounded(toPlaces: 2)],
      value: value, limit: limit)
  }
}

internal import ArgumentParser
internal import Dispatch
internal import Glibc
internal import Harness
internal import RulesetGenerator

@main
struct Soak: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract: "Scrapes an exporter while the rules of both backends are rewritten all the time.",
    discussion: """
      In a network namespace of its own, one writer for each backend restores rule sets as fast as \
      it can, and scrapers judge every answer: it must be valid, show rules that were there, and no \
      counter may fall. Other clients read their answers as slowly as they can. At the end, the exporter must not have grown, and must end well. Needs root, \
      and promtool.
      """)

  @Option(help: "The exporter's release binary.")
  var exporter: String

  @Option(help: "How many seconds, at least 10.")
  var duration = 600

  @Option(help: "How many scrape at once.")
  var scrapers = 4

  @Option(help: "The milliseconds between two scrapes of one scraper.")
  var interval = 100

  @Option(help: "How many clients beside them ask for all and read 24 KB in 5 seconds.")
  var slowReaders = 64

  @Option(help: "The seed of the generated rule sets.")
  var seed: UInt64 = 1

  func validate() throws {
    guard duration >= 10 else { throw ValidationError("--duration must be at least 10") }
    guard scrapers >= 1, interval >= 1 else {
      throw ValidationError("--scrapers and --interval must be at least 1")
    }
    guard (0...500).contains(slowReaders) else {
      throw ValidationError("--slow-readers must be at most 500")
    }
  }

  func run() throws {
    try NetworkNamespace.enterNew()
    try Backend.nft.restore(MemoryFile(Self.hint), .ipv4)
    try Backend.nft.restore(MemoryFile(Self.hint), .ipv6)
    let writers = [
      try RulesetWriter(.legacy, sizes: [(30, 3), (80, 2), (20, 6)], seed: seed),
      try RulesetWriter(.nft, sizes: [(40, 3), (100, 2), (25, 5)], seed: seed &+ 100),
    ]
    for writer in writers {
      try writer.begin()
    }
    let process = try ExporterProcess(exporter, arguments: ["--backend", "both"])
    let record = SoakRecord()
    let watch = soak(process, writers, record)
    let usage = watch.usage
    watch.violations.forEach(record.violation)
    let status = process.terminate()
    if status != 0 { record.violation("the exporter's wait status is \(status)") }
    let summary = SoakSummary(content: record.content, usage: usage)
    summary.show()
    if !summary.isGood { throw ExitCode.failure }
  }

  /// A chain of the kubelet's in nf_tables alone, which says which backend's services are shown.
  private static let hint = "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT\n"

  /// Lets all writers and scrapers run, and watches the exporter meanwhile.
  private func soak(
    _ process: borrowing ExporterProcess, _ writers: [RulesetWriter], _ record: SoakRecord
  ) -> ResourceWatch {
    let histories = Dictionary(uniqueKeysWithValues: writers.map { ($0.backend, $0.histories) })
    let scrapers = (1...scrapers).map { number in
      Scraper(
        number: number, port: process.port, interval: .milliseconds(interval),
        check: PageCheck(histories: histories), record: record)
    }
    let deadline = ContinuousClock.now + .seconds(duration)
    let group = DispatchGroup()
    // A queue each: all of them block, and each needs a thread.
    for writer in writers {
      DispatchQueue(label: "writer").async(group: group) { writer.run(until: deadline, record) }
    }
    for scraper in scrapers {
      DispatchQueue(label: "scraper").async(group: group) { scraper.run(until: deadline) }
    }
    let slow = SlowReaders(count: slowReaders, port: process.port)
    DispatchQueue(label: "slow readers").async(group: group) { slow.run(until: deadline, record) }
    var watch = ResourceWatch()
    while ContinuousClock.now < deadline, !record.isAborted {
      do {
        guard process.isRunning else { throw HarnessError("the exporter ended") }
        try watch.look(at: process)
      } catch {
        record.abort("\(error)")
      }
      usleep(250_000)
    }
    group.wait()
    scrapers.first?.finish()
    return watch
  }
}

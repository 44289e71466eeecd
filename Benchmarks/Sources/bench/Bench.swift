internal import ArgumentParser
internal import Harness

@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures a scrape against the least that reading the kernel's rules can cost.",
    discussion: """
      Generates rule sets, loads them into a network namespace of its own, and compares in one run: \
      for the legacy backend a bare getsockopt, libiptc, iptables-legacy-save, and whole scrapes \
      over HTTP from a running exporter; for nf_tables iptables-nft-save and scrapes; for connection \
      tracking a bare dump and an exporter's. Needs root.
      """)

  @Option(help: "The exporter's release binary; without it only the other readers are measured.")
  var exporter: String?

  @Option(name: .customLong("size"), help: "SERVICESxENDPOINTS; may be given more than once.")
  var sizes: [RulesetSize] = []

  @Option(
    name: .customLong("backend"),
    help: "legacy or nft; may be given more than once. (default: both)")
  var backends: [Backend] = []

  @Option(
    name: .customLong("conntrack"),
    help:
      "How many connections the kernel tracks while dumps are measured; 0 for no such measurement.")
  var connections = 250_000

  @Option(help: "How many rounds count, at least 7; two more warm up.")
  var rounds = 9

  @Option(help: "The seed of the generated rule sets.")
  var seed: UInt64 = 1

  @Option(help: "The path that is scraped.")
  var path = "/metrics"

  @Flag(help: "Exit with status 0 even if a limit is missed.")
  var reportOnly = false

  func validate() throws {
    guard rounds >= 7 else { throw ValidationError("--rounds must be at least 7") }
  }

  func run() throws {
    var report = Report()
    for backend in backends.isEmpty ? Backend.allCases : backends {
      try NetworkNamespace.enterNew()
      try measure(backend, &report)
    }
    if let exporter, connections > 0 {
      try NetworkNamespace.enterNew()
      try ConntrackBenchmark(
        entries: connections, rounds: rounds, seed: seed, exporter: exporter, path: path
      ).run(&report)
    }
    guard !report.missedLimits.isEmpty else { return }
    print("\nMissed: \(report.missedLimits.joined(separator: "; "))")
    if !reportOnly {
      throw ExitCode.failure
    }
  }

  private func measure(_ backend: Backend, _ report: inout Report) throws {
    if let exporter {
      try IdleBenchmark(backend: backend, exporter: exporter, path: path).run(&report)
    }
    for size in sizes.isEmpty ? [.medium, .large] : sizes {
      switch backend {
      case .legacy:
        try LegacyBenchmark(
          size: size, rounds: rounds, seed: seed, exporter: exporter, path: path
        ).run(&report)
      case .nft:
        try NFTBenchmark(size: size, rounds: rounds, seed: seed, exporter: exporter, path: path)
          .run(&report)
      }
    }
  }
}

extension Backend: ExpressibleByArgument {}
extension RulesetSize: ExpressibleByArgument {}

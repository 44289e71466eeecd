internal import Glibc
internal import Harness
internal import RulesetGenerator

/// What the exporter costs a node that has next to nothing to export.
struct IdleBenchmark {
  let backend: Backend
  let exporter: String
  let path: String

  func run(_ report: inout Report) throws {
    report.heading("\(backend): a small table (10x2), scraped 10 times, then idle")
    _ = try KernelRuleset(
      backend, size: RulesetSize(services: 10, endpoints: 2), seed: 1,
      otherState: { $0.scaledUp($1) })
    let process = try ExporterProcess(
      exporter, arguments: ["--backend", backend.rawValue, "--watch-interval", "0"])
    var client = try process.connect()
    for _ in 0..<10 {
      _ = try client.get(path)
    }
    sleep(2)
    report.line(
      "resident memory", value: Double(try process.residentMemory()) / 1e6, unit: " MB",
      limit: backend == .legacy ? 20 : nil)
    report.line("binary", value: try binarySize() / 1e6, unit: " MB", limit: 30)
    process.terminate()
  }

  private func binarySize() throws -> Double {
    var status = stat()
    guard unsafe stat(exporter, &status) == 0 else {
      throw HarnessError("\(exporter): \(systemError())")
    }
    return Double(status.st_size)
  }
}

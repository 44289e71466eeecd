import Glibc

/// What the exporter costs a node that has next to nothing to export.
struct IdleBenchmark {
  let exporter: String
  let path: String

  func run(_ report: inout Report) throws {
    report.heading("A small table (10x2), scraped 10 times, then idle")
    _ = try KernelRuleset(size: RulesetSize(services: 10, endpoints: 2), seed: 1)
    let process = try ExporterProcess(exporter)
    var client = try process.connect()
    for _ in 0..<10 {
      _ = try client.get(path)
    }
    sleep(2)
    report.line(
      "resident memory", value: Double(try process.residentMemory()) / 1e6, unit: " MB", limit: 20)
    report.line("binary", value: try binarySize() / 1e6, unit: " MB", limit: 30)
    process.terminate()
  }

  private func binarySize() throws -> Double {
    var status = stat()
    guard unsafe stat(exporter, &status) == 0 else {
      throw BenchError("\(exporter): \(systemError())")
    }
    return Double(status.st_size)
  }
}

internal import Harness

/// How long an exporter takes that has not read anything yet.
struct ColdMeasurement {
  /// The first scrape of an exporter that serves.
  private(set) var firstScrape = Samples()
  /// The command `metrics`, from the process' start to its end.
  private(set) var process = Samples()

  /// Measures each once.
  ///
  /// - Parameter port: that of the exporter that is running meanwhile.
  /// - Returns: the size of a scrape in bytes.
  mutating func measure(
    _ exporter: String, flags: [String], besides port: UInt16, path: String, services: Int
  ) throws -> Int {
    let server = try ExporterProcess(exporter, arguments: flags, port: port + 1)
    var client = try server.connect()
    let response = try firstScrape.time { try client.get(path) }
    try ScrapeCheck.hasAllServices(response, services: services)
    server.terminate()
    try process.time {
      try ChildProcess(exporter, "metrics", output: .discarded).waitForSuccess()
    }
    return response.wireSize
  }

  /// Forgets what was measured so far.
  mutating func removeAll() {
    self = ColdMeasurement()
  }
}

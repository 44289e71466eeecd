import Glibc

/// A running exporter, and what the system says about its memory.
struct ExporterProcess: ~Copyable {
  private static let port: UInt16 = 9455

  private let process: ChildProcess

  /// Starts the exporter and waits until it accepts connections.
  ///
  /// It ends when the benchmark does, however that comes about.
  init(_ path: String, arguments: [String] = []) throws {
    let process = try ChildProcess(
      ["setpriv", "--pdeathsig", "KILL", path]
        + ["--web.listen-address", "127.0.0.1:\(Self.port)", "--log.level", "error"] + arguments)
    try Self.waitUntilReady(process)
    self.process = process
  }

  private static func waitUntilReady(_ process: borrowing ChildProcess) throws {
    for _ in 0..<500 where process.isRunning {
      if (try? ScrapeClient(port: port)) != nil { return }
      usleep(20_000)
    }
    throw BenchError("the exporter \(process.isRunning ? "does not answer" : "ended at once")")
  }

  func connect() throws -> ScrapeClient {
    try ScrapeClient(port: Self.port)
  }

  consuming func terminate() {
    process.terminate()
  }

  /// The most memory that was ever resident, in bytes.
  func peakMemory() throws -> Int { try memory("VmHWM:") }

  /// The memory that is resident now, in bytes.
  func residentMemory() throws -> Int { try memory("VmRSS:") }

  private func memory(_ field: String) throws -> Int {
    let path = "/proc/\(process.processIdentifier)/status"
    guard let file = unsafe fopen(path, "r") else { throw BenchError("\(path): \(systemError())") }
    defer { unsafe fclose(file) }
    var line = [UInt8](repeating: 0, count: 256)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }, as: UTF8.self)
      let words = text.split(whereSeparator: \.isWhitespace)
      if words.count > 1, words[0] == field, let kibibytes = Int(words[1]) {
        return kibibytes * 1024
      }
    }
    throw BenchError("\(path): no \(field)")
  }
}

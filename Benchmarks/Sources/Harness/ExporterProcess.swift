internal import Glibc

/// A running exporter, and what the system says about its memory and files.
package struct ExporterProcess: ~Copyable {
  /// The port of 127.0.0.1 that it serves on.
  package let port: UInt16

  private let process: ChildProcess

  /// Starts the exporter and waits until it accepts connections.
  ///
  /// It ends when this program does, however that comes about.
  package init(_ path: String, arguments: [String] = [], port: UInt16 = 9455) throws {
    let process = try ChildProcess(
      ["setpriv", "--pdeathsig", "KILL", path]
        + ["--web.listen-address", "127.0.0.1:\(port)", "--log.level", "error"] + arguments)
    try Self.waitUntilReady(process, port: port)
    self.process = process
    self.port = port
  }

  private static func waitUntilReady(
    _ process: borrowing ChildProcess, port: UInt16
  ) throws {
    for _ in 0..<500 where process.isRunning {
      if (try? ScrapeClient(port: port)) != nil { return }
      usleep(20_000)
    }
    throw HarnessError("the exporter \(process.isRunning ? "does not answer" : "ended at once")")
  }

  package func connect() throws -> ScrapeClient {
    try ScrapeClient(port: port)
  }

  package var isRunning: Bool { process.isRunning }

  /// Asks it to end and waits until it has.
  ///
  /// - Returns: its wait status, 0 where it ended with exit status 0.
  @discardableResult
  package consuming func terminate() -> Int32 {
    process.terminate()
  }

  /// The most memory that was ever resident, in bytes.
  package func peakMemory() throws -> Int { try memory("VmHWM:") }

  /// The memory that is resident now, in bytes.
  package func residentMemory() throws -> Int { try memory("VmRSS:") }

  /// What all its threads have used of processors.
  package func processorTime() throws -> Duration {
    var clock = clockid_t()
    var time = timespec()
    guard unsafe clock_getcpuclockid(process.processIdentifier, &clock) == 0,
      unsafe clock_gettime(clock, &time) == 0
    else { throw HarnessError("the exporter's processor time: \(systemError())") }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// How many file descriptors are open.
  package func openFiles() throws -> Int {
    let path = "/proc/\(process.processIdentifier)/fd"
    guard let directory = unsafe opendir(path) else {
      throw HarnessError("\(path): \(systemError())")
    }
    defer { unsafe closedir(directory) }
    var entries = 0
    while unsafe readdir(directory) != nil {
      entries += 1
    }
    return entries - 2  // the directory itself and the one above
  }

  private func memory(_ field: String) throws -> Int {
    let path = "/proc/\(process.processIdentifier)/status"
    guard let file = unsafe fopen(path, "r") else {
      throw HarnessError("\(path): \(systemError())")
    }
    defer { unsafe fclose(file) }
    var line = [UInt8](repeating: 0, count: 256)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }, as: UTF8.self)
      let words = text.split(whereSeparator: \.isWhitespace)
      if words.count > 1, words[0] == field, let kibibytes = Int(words[1]) {
        return kibibytes * 1024
      }
    }
    throw HarnessError("\(path): no \(field)")
  }
}

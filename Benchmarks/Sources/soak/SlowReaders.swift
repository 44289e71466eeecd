internal import Glibc
internal import Harness

/// Clients that ask for the metrics and read them slowly, each over and over on its connection.
struct SlowReaders: Sendable {
  private static let pieceSize = 24 * 1024
  private static let pause = Duration.seconds(5)

  let count: Int
  let port: UInt16

  /// One of them.
  private final class Reader {
    private let client: ScrapeClient

    init(port: UInt16) throws {
      client = try ScrapeClient(port: port)
      try client.ask("/metrics")
    }

    /// Reads a little, and asks for one answer more.
    func read() -> Bool {
      client.drop(SlowReaders.pieceSize) && (try? client.ask("/metrics")) != nil
    }
  }

  /// Reads until the time is over. Who is cut off connects again.
  func run(until deadline: ContinuousClock.Instant, _ record: SoakRecord) {
    var readers: [Reader] = []
    var next = ContinuousClock.now
    while ContinuousClock.now < deadline, !record.isAborted {
      do {
        if next <= .now {
          readers.removeAll { !$0.read() }
          next += Self.pause
        }
        if readers.count < count { readers.append(try Reader(port: port)) }
      } catch {
        return record.violation("a slow reader: \(error)")
      }
      usleep(20_000)
    }
  }
}

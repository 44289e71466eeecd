import Collectors
import IPTablesSource
import Logging
import Synchronization

/// What was logged.
final class LogRecord: Sendable {
  private let lines = Mutex<[String]>([])

  /// Each message with its level and its metadata, sorted.
  var messages: [String] { lines.withLock { $0 } }

  var logger: Logger { Logger(label: "test") { [self] _ in Handler(record: self) } }

  fileprivate func add(_ line: String) { lines.withLock { $0.append(line) } }

  private struct Handler: LogHandler {
    let record: LogRecord
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
      record.add(
        (["\(event.level):", "\(event.message)"] + fields).joined(separator: " "))
    }
  }
}

extension Exporter {
  /// An exporter of given readings that logs.
  convenience init(readings: [RulesetReading], _ log: LogRecord) {
    self.init(source: ScriptedSource(readings), options: .plain(), logger: log.logger)
  }
}

internal import Console
internal import Logging
internal import Platform

/// Logs a line a message to standard error, as logfmt or JSON.
struct LineLogHandler: LogHandler {
  let format: LogFormat
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields = [
      ("ts", WallClock.timestamp), ("level", Self.name(of: event.level)),
      ("msg", event.message.description),
    ]
    let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      fields.append((key, value.description))
    }
    StandardError.write(line(fields) + "\n")
  }

  private func line(_ fields: [(String, String)]) -> String {
    switch format {
    case .logfmt:
      fields.map { key, value in
        "\(key)=\(Self.needsQuotes(value) ? JSONWriter.quoted(value) : value)"
      }.joined(separator: " ")
    case .json:
      "{"
        + fields.map { JSONWriter.quoted($0) + ":" + JSONWriter.quoted($1) }.joined(separator: ",")
        + "}"
    }
  }

  private static func name(of level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "debug"
    case .info, .notice: "info"
    case .warning: "warn"
    case .error, .critical: "error"
    }
  }

  private static func needsQuotes(_ value: String) -> Bool {
    value.isEmpty
      || value.unicodeScalars.contains {
        $0.value <= 0x20 || "\"=\\\u{7f}".unicodeScalars.contains($0)
      }
  }
}

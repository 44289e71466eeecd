internal import ArgumentParser
internal import Console
internal import Logging
internal import Platform

/// The flags of the log, as Prometheus' own programs name them.
struct LogOptions: ParsableArguments {
  enum Level: String, ExpressibleByArgument, CaseIterable {
    case debug, info, warn, error

    var level: Logger.Level {
      switch self {
      case .debug: .debug
      case .info: .info
      case .warn: .warning
      case .error: .error
      }
    }
  }

  @Option(
    name: .customLong("log.level"),
    help: ArgumentHelp(
      "Only messages of this severity or above are logged: debug, info, warn or error. "
        + "(default: info, of one scrape warn)", valueName: "level"))
  var level: Level?

  @Option(name: .customLong("log.format"), help: "The form of log messages.")
  var format = LogFormat.logfmt

  /// - Parameter level: the severity, unless the flag says another.
  func makeLogger(level: Level) -> Logger {
    var logger = Logger(label: "kube-iptables-exporter") { [format] _ in
      LineLogHandler(format: format)
    }
    logger.logLevel = (self.level ?? level).level
    return logger
  }
}

/// The form of a log message; the raw value is the flag's.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case logfmt
  case json
}

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
    let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
    let message = line(event.level, event.message.description, all)
    StandardError.write { lost in
      lost == 0
        ? message
        : line(.warning, "log lines found no room and were lost", ["lines": "\(lost)"]) + message
    }
  }

  private func line(
    _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
  ) -> String {
    let fields =
      [("ts", WallClock.timestamp), ("level", Self.name(of: level)), ("msg", message)]
      + metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
    switch format {
    case .logfmt:
      let words = fields.map { key, value in
        "\(key)=\(Self.needsQuotes(value) ? JSONWriter.quoted(value) : value)"
      }
      return words.joined(separator: " ") + "\n"
    case .json:
      let members = fields.map { JSONWriter.quoted($0) + ":" + JSONWriter.quoted($1) }
      return "{\(members.joined(separator: ","))}\n"
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

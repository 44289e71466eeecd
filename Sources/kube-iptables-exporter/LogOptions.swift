internal import ArgumentParser
internal import Logging

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

internal import ArgumentParser

/// The form of a log message; the raw value is the flag's.
enum LogFormat: String, ExpressibleByArgument, CaseIterable {
  case logfmt
  case json
}

internal import ArgumentParser
internal import Glibc
internal import Platform

extension Command {
  /// Runs the command that the arguments name; a fault in them is one line and exit status 64, any
  /// other failure one line and exit status 1, or 2 where 1 is an answer.
  static func main() async {
    Allocator.configure()
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      exit(withLine: error)
    }
  }

  private static func exit(withLine error: any Error) -> Never {
    // An answer that is a status, to which nothing is to be said.
    if let code = error as? ExitCode { Glibc.exit(code.rawValue) }
    if error is ReadingFailure || error is WritingFailure {
      StandardError.write("kube-iptables-exporter: \(error)\n")
      Glibc.exit(ReadingFailure.status)
    }
    let code = exitCode(for: error)
    // Help and version are errors too, to the parser.
    if code.isSuccess { exit(withError: error) }
    let message = message(for: error).split(separator: "\n").joined(separator: " ")
    let hint = code == .validationFailure ? " (see --help)" : ""
    StandardError.write("kube-iptables-exporter: \(message)\(hint)\n")
    Glibc.exit(code.rawValue)
  }
}

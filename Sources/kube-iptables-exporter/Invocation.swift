internal import ArgumentParser
internal import Console
internal import Glibc
internal import Platform

/// A subcommand. It has flags of its own and none of the server's.
protocol Tool: ParsableCommand {
  /// Checks that the arguments go together.
  ///
  /// The parser calls `validate()` before it reports an unknown flag, and takes the flag's value for a file. This
  /// is called later, so that the unknown flag is reported and not the file.
  func checkArguments() throws
}

extension Tool {
  func checkArguments() throws {}
}

extension Command {
  /// Runs the command that the arguments name; a fault in them is one line and exit status 64, any
  /// other failure one line and exit status 1, or 2 where 1 is an answer.
  static func main() async {
    Allocator.configure()
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try parse(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      exit(withLine: error, arguments)
    }
  }

  /// The subcommand that stands first among the arguments. It alone knows the flags behind it.
  private static func tool(_ arguments: [String]) -> (any Tool.Type)? {
    tools.first { $0.configuration.commandName == arguments.first }
  }

  private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
    if let tool = tool(arguments) {
      let command = try tool.parseAsRoot(Array(arguments.dropFirst()))
      // Help and completions are commands too, to the parser.
      if let command = command as? any Tool { try command.checkArguments() }
      return command
    }
    if let word = arguments.first, !word.hasPrefix("-"), word != "help" { throw unknown(word) }
    let command = try parseAsRoot(arguments)
    if command is any Tool {
      let name = type(of: command).configuration.commandName ?? ""
      throw ValidationError(
        "The subcommand '\(name)' must stand first, before its flags")
    }
    return command
  }

  private static func unknown(_ word: String) -> ValidationError {
    let names = tools.compactMap { $0.configuration.commandName }
    let guess = Spelling.nearest(to: word, among: names).map { "Did you mean '\($0)'?" }
    return ValidationError(
      "Unknown subcommand '\(word)'. "
        + (guess ?? "The subcommands are \(names.joined(separator: ", "))"))
  }

  /// Whether the message reports an unknown flag that is one of the server's.
  private static func isServerFlag(unknownBy message: String, _ arguments: [String]) -> Bool {
    let flags = arguments.lazy.map { $0.prefix { $0 != "=" } }
    guard let flag = flags.first(where: { message == "Unknown option '\($0)'" }) else {
      return false
    }
    return helpMessage().split(whereSeparator: \.isWhitespace).contains(flag)
  }

  private static func exit(withLine error: any Error, _ arguments: [String]) -> Never {
    // An answer that is a status, to which nothing is to be said.
    if let code = error as? ExitCode { Glibc.exit(code.rawValue) }
    if error is AnswerFailure {
      StandardError.write("kube-iptables-exporter: \(error)\n")
      Glibc.exit(AnswerFailure.status)
    }
    let tool = tool(arguments)
    let code = exitCode(for: error)
    var message = message(for: error)
    // Help and version are errors too, to the parser.
    if code.isSuccess {
      // A subcommand that is parsed alone doesn't know the name of the program.
      guard let tool, message.hasPrefix("OVERVIEW: ") else { exit(withError: error) }
      let showsHidden = arguments.contains("--help-hidden")
      print(helpMessage(for: tool, includeHidden: showsHidden))
      Glibc.exit(code.rawValue)
    }
    if tool == nil {
      let word = arguments.first { message == "Unexpected argument '\($0)'" }
      if let word { message = unknown(word).message }
    } else if isServerFlag(unknownBy: message, arguments) {
      message += ": it is a flag of the server, which runs without a subcommand"
    }
    message = message.split(separator: "\n").joined(separator: " ")
    let hint = code == .validationFailure ? " (see --help)" : ""
    StandardError.write("kube-iptables-exporter: \(message)\(hint)\n")
    Glibc.exit(code.rawValue)
  }
}

internal import Answers
internal import ArgumentParser
internal import Console
internal import Platform

/// The service ports of a rule set.
struct ShowServices: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract:
      "Show the service ports: how they are reached, their endpoints, connections and rules.",
    discussion: """
      Without a file, those of the kernel's rules as they are now. A file holds what iptables-save or \
      ip6tables-save wrote (- is standard input); several are one rule set. --tables (all, unless it \
      names some) and --backend are as without a subcommand.

      Exit status: 0; 2 if rules can't be read.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json
  }

  @Argument(
    help: ArgumentHelp("The files; none for the kernel's rules.", valueName: "rules"))
  var inputs: [RulesetInput] = []

  @Option(help: "The format to print.")
  var format = Format.table

  @Flag(help: "For each service port all its rules, chains and endpoints, as a tree.")
  var tree = false

  @OptionGroup var options: AnswerOptions

  func validate() throws {
    if tree, format == .json {
      throw ValidationError("--format json has all that --tree shows, without it")
    }
    guard inputs.count(where: { $0 == .standardInput }) <= 1 else {
      throw ValidationError("standard input can be read once")
    }
    guard inputs == [.kernel] || !inputs.contains(.kernel) else {
      throw ValidationError("the kernel's rules can't be mixed with a file's")
    }
  }

  func run() async throws {
    let ruleset = try options.makeLoader().load(inputs.isEmpty ? [.kernel] : inputs)
    let services = ServiceList(of: ruleset, selection: options.selection())
    switch format {
    case .json:
      var writer = JSONWriter()
      ServicesJSON(services).write(to: &writer)
      try StandardOutput.write(writer.finish())
    case .table:
      var writer = TerminalWriter.forStandardOutput()
      if tree {
        ServiceTree(services).write(to: &writer)
      } else {
        ServiceTable(services).write(to: &writer)
      }
      try StandardOutput.write(writer.bytes)
    }
  }
}

internal import Answers
internal import ArgumentParser
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

      Exit status: 0; 2 if rules can't be read, or the answer not be written.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json
  }

  @Argument(
    help: ArgumentHelp("The files; none for the kernel's rules.", valueName: "rules"),
    completion: .file())
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
    try RulesetInput.validate(inputs)
  }

  func run() async throws {
    let ruleset = try RulesetLoader(options.sourceOptions).load(inputs.isEmpty ? [.kernel] : inputs)
    let matcher = options.makeMatcher()
    let services = ServiceList(
      of: ruleset, selection: matcher?.matches, pattern: options.service?.text)
    try matcher?.finish()
    switch format {
    case .json: try StandardOutput.write(json: services.write)
    case .table where tree: try StandardOutput.write(text: services.writeTree)
    case .table: try StandardOutput.write(text: services.writeTable)
    }
  }
}

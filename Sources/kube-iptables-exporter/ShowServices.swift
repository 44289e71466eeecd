internal import Answers
internal import ArgumentParser

/// The service ports of a rule set.
struct ShowServices: AsyncParsableCommand, Tool {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract:
      "Show the service ports: how they are reached, their endpoints, connections and rules.",
    discussion: """
      Without a file, it shows those of the kernel's rules. A file holds what iptables-save or \
      ip6tables-save wrote; several files are one rule set.

      Exit status: 0; 2 if rules can't be read, or the answer not be written.

      EXAMPLES:
        kube-iptables-exporter show
        kube-iptables-exporter show --service kube-dns --tree
        kube-iptables-exporter show saved.v4 saved.v6 --format json
        ssh node iptables-save -c | kube-iptables-exporter show -
      """,
    version: Version.text)

  @OptionGroup var ruleset: RulesetArgument

  @Option(help: "The format to print.")
  var format = ServiceFormat.text

  @Flag(help: "For each service port all its rules, chains and endpoints, as a tree.")
  var tree = false

  @Flag(
    help: ArgumentHelp(
      "Instead of the service ports, connections in the kernel's connection table to endpoints that no rule "
        + "leads to."))
  var connections = false

  @OptionGroup var options: AnswerOptions
  @OptionGroup var rulesetOptions: RulesetOptions

  func checkArguments() throws {
    try rulesetOptions.checkArguments(readsKernel: ruleset.readsKernel)
    if connections, tree || !ruleset.readsKernel {
      throw ValidationError(
        "--connections can't be combined with \(tree ? "--tree" : "files"): it reads the kernel")
    }
    if tree, format.format == .json {
      throw ValidationError("--format json has all that --tree shows, without it")
    }
    try options.colors.checkArguments(format.format)
    try RulesetInput.validate(ruleset.inputs)
  }

  func run() async throws {
    if connections { return try showConnections() }
    let ruleset = try rulesetOptions.makeLoader().load(ruleset.asked)
    let matcher = options.makeMatcher()
    let services = ServiceList(of: ruleset, selection: matcher?.matches)
    try matcher?.finish()
    if services.services.isEmpty { options.reportNoMatch(in: ruleset.name) }
    try format.format.print(
      options.colors, text: tree ? services.writeTree : services.writeTable, json: services.write)
  }

  private func showConnections() throws {
    let matcher = options.makeMatcher()
    let groups = try ConnectionLookup.findStale(rulesetOptions.makeLoader(), matcher?.matches)
    try matcher?.finish()
    try format.format.print(
      options.colors, text: { groups.write(to: &$0, advises: false) }, json: groups.write)
  }
}

/// The form in which service ports are shown. `table`, the former name of `text`, is still accepted.
struct ServiceFormat: ExpressibleByArgument, CustomStringConvertible {
  let format: AnswerFormat

  static let text = ServiceFormat(format: .text)
  static let allValueStrings = AnswerFormat.allCases.map(\.rawValue)

  init(format: AnswerFormat) { self.format = format }

  init?(argument: String) {
    guard let format = AnswerFormat(rawValue: argument == "table" ? "text" : argument) else {
      return nil
    }
    self.format = format
  }

  var description: String { format.rawValue }
  var defaultValueDescription: String { description }
}

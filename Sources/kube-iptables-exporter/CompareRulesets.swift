internal import Answers
internal import ArgumentParser
internal import Platform
internal import UnixSignals

/// What differs between two rule sets.
struct CompareRulesets: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Tell what differs between two rule sets, whose it is, and whether it matters.",
    discussion: """
      diff A B compares two files of iptables-save or ip6tables-save; diff A compares a file with the \
      kernel's rules as they are now; diff --live 30s, the kernel's rules with themselves half a minute \
      later. A file may hold IPv4 and IPv6 rules; where they are in two, name each with --before or \
      --after. --tables (all, unless it names some) and --backend are as without a subcommand.

      + added, - removed, ~ moved (from -> to), = written again, ! a policy. Positions are counted from \
      1. Exit status: 0; with --exit-code 1 if anything differs; 2 if rules can't be read, or the \
      answer not be written.
      """)

  @Argument(
    help: ArgumentHelp(
      "What to compare: a file, - for standard input, kernel for the rules as they are now.",
      valueName: "rules"),
    completion: .file())
  var inputs: [RulesetInput] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A file of the earlier rules (repeatable).", valueName: "file"),
    completion: .file())
  var before: [RulesetInput] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A file of the later rules (repeatable).", valueName: "file"),
    completion: .file())
  var after: [RulesetInput] = []

  @Option(
    help: ArgumentHelp(
      "Compare the kernel's rules with themselves after this time, as 30s or 5m; Ctrl-C ends it early.",
      valueName: "time"))
  var live: TimeSpan?

  @Option(help: "The format to print.")
  var format = AnswerFormat.text

  @Flag(help: "Exit with status 1 where anything differs.")
  var exitCode = false

  @OptionGroup var options: AnswerOptions

  func validate() throws {
    if live != nil {
      guard sides == nil, inputs.isEmpty, before.isEmpty, after.isEmpty else {
        throw ValidationError("--live compares the kernel's rules; it takes no files")
      }
      return
    }
    guard let (before, after) = sides else {
      throw ValidationError("name two rule sets, or one to compare with the kernel's, or --live")
    }
    try RulesetInput.validate(before, after)
  }

  /// What the arguments say is to be compared with what; nil where they don't.
  private var sides: (before: [RulesetInput], after: [RulesetInput])? {
    var (before, after) = (before, after)
    var rest = inputs[...]
    if before.isEmpty, let first = rest.popFirst() { before = [first] }
    if after.isEmpty, let first = rest.popFirst() { after = [first] }
    if after.isEmpty { after = [.kernel] }
    return before.isEmpty || !rest.isEmpty ? nil : (before, after)
  }

  func run() async throws {
    let loader = RulesetLoader(options.sourceOptions)
    let (old, new) = try await load(loader)
    let matcher = options.makeMatcher()
    let difference = RulesetDifference(
      from: old, to: new, selection: matcher?.matches, pattern: options.service?.text)
    try matcher?.finish()
    if difference.comparedTables == 0, !difference.notCompared.isEmpty {
      throw AnswerFailure(
        description: "\(old.name) and \(new.name) have no table of the same family in common")
    }
    switch format {
    case .text: try StandardOutput.write(text: difference.write)
    case .json: try StandardOutput.write(json: difference.write)
    }
    if exitCode, !difference.isEmpty { throw ExitCode(1) }
  }

  private func load(_ loader: RulesetLoader) async throws -> (old: Ruleset, new: Ruleset) {
    if let live {
      let old = try loader.loadKernel()
      await Self.wait(live.duration)
      return (old, try loader.loadKernel())
    }
    let (before, after) = sides ?? ([], [])
    let (old, new) = (try loader.load(before), try loader.load(after))
    // The kernel's rules as a file of them would have them, which they are compared with.
    return [before, after].contains([.kernel]) ? (old.asSaved, new.asSaved) : (old, new)
  }

  /// Waits for that time, or until Ctrl-C or SIGTERM says that it is enough.
  private static func wait(_ duration: Duration) async {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    await withTaskGroup { group in
      group.addTask { try? await Task.sleep(for: duration) }
      group.addTask {
        for await _ in signals { return }
      }
      await group.next()
      group.cancelAll()
    }
  }
}

/// A time to wait, a week at most: `30s`, `5m`, `1h`; a number alone is seconds.
struct TimeSpan: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Double(unit == nil ? argument : String(argument.dropLast())) else {
      return nil
    }
    let seconds = number * (unit ?? 1)
    guard seconds >= 0, seconds <= 604_800 else { return nil }
    duration = .seconds(seconds)
  }
}

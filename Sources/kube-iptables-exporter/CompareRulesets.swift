internal import Answers
internal import ArgumentParser
internal import Platform
internal import UnixSignals

/// What differs between two rule sets.
struct CompareRulesets: AsyncParsableCommand, Tool {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Tell what differs between two rule sets, whose it is, and whether it matters.",
    discussion: """
      diff A B compares two rule sets: files of iptables-save or ip6tables-save, or kernel. diff A compares \
      a file with the kernel's rules. A file may hold IPv4 and IPv6 rules; where they are in two, name each \
      with --before or --after.

      + added, - removed, ~ moved (from -> to), = written again, ! a policy. Positions are counted from 1.

      Exit status: 0; with --exit-code 1 if anything differs; 2 if rules can't be read, or the answer not \
      be written.

      EXAMPLES:
        kube-iptables-exporter diff before.rules after.rules
        kube-iptables-exporter diff before.rules kernel --service kube-dns
        kube-iptables-exporter diff --live 30s --summary
        kube-iptables-exporter diff --before a.v4 --before a.v6 --after kernel
        kube-iptables-exporter diff before.rules --exit-code --format json
      """,
    version: Version.text)

  @Argument(
    help: ArgumentHelp(
      "What to compare: a file, - for standard input, or kernel for the kernel's rules.",
      valueName: "rules"), completion: RulesetInput.completion)
  var inputs: [RulesetInput] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("The earlier rules: a file, -, or kernel (repeatable).", valueName: "rules"),
    completion: RulesetInput.completion)
  var before: [RulesetInput] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("The later rules: a file, -, or kernel (repeatable).", valueName: "rules"),
    completion: RulesetInput.completion)
  var after: [RulesetInput] = []

  @Option(
    help: ArgumentHelp(
      "Compare the kernel's rules with themselves after this time, such as 500ms, 30s or 5m; Ctrl-C ends "
        + "it early.", valueName: "time"),
    transform: { try TimeSpan($0, atMost: (.seconds(604_800), "168h")) })
  var live: TimeSpan?

  @Option(help: "The format to print.")
  var format = AnswerFormat.text

  @Flag(help: "Only the sentences and how much differs; no rules.")
  var summary = false

  @Flag(help: "Exit with status 1 where anything differs.")
  var exitCode = false

  @OptionGroup var options: AnswerOptions
  @OptionGroup var rulesetOptions: RulesetOptions

  func checkArguments() throws {
    try options.colors.checkArguments(format)
    let kernel = [RulesetInput.kernel]
    try rulesetOptions.checkArguments(
      readsKernel: live != nil || sides.map { $0.before == kernel || $0.after == kernel } ?? true)
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
    let (old, new) = try await load(rulesetOptions.makeLoader())
    let matcher = options.makeMatcher()
    let difference = RulesetDifference(
      from: old, to: new, selection: matcher?.matches, pattern: options.service?.text)
    try matcher?.finish()
    if difference.comparedTables == 0, !difference.notCompared.isEmpty {
      throw AnswerFailure(
        description: "\(old.name) and \(new.name) have no table of the same family in common")
    }
    if !difference.hasSelected { options.reportNoMatch(in: "\(old.name) and \(new.name)") }
    try format.print(options.colors) {
      difference.write(to: &$0, isShort: summary)
    } json: {
      difference.write(to: &$0, isShort: summary)
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
      group.addTask { try? await countDown(duration) }
      group.addTask {
        for await _ in signals { return }
      }
      await group.next()
      group.cancelAll()
    }
    if StandardError.isTerminal { StandardError.write("\r\u{1b}[K") }
  }

  /// Waits for that time, and writes each second to a terminal how long it will still take.
  private static func countDown(_ duration: Duration) async throws {
    let end = ContinuousClock.now + duration
    guard StandardError.isTerminal else { return try await Task.sleep(until: end) }
    while case let rest = end - .now, rest > .zero {
      let seconds = Int((rest / .seconds(1)).rounded(.up))
      StandardError.write("\rreading again in \(seconds) s; Ctrl-C reads now\u{1b}[K")
      try await Task.sleep(until: min(end, end - .seconds(seconds - 1)))
    }
  }
}

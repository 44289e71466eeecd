public import ArgumentParser
public import Console
internal import IPTablesSource
internal import KubeProxy
internal import Platform
internal import Tracking

/// The flags of the commands that answer questions about service ports.
struct AnswerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only service ports whose namespace/name matches, anywhere in it.", valueName: "regex"),
    transform: SourceOptions.pattern)
  var service: RegularExpression?

  @OptionGroup var colors: ColorOption

  /// Selects the service ports that are asked for; nil where all are.
  func makeMatcher() -> ServiceMatcher? { service.map(ServiceMatcher.init) }

  /// Says on standard error that the pattern matches none.
  func reportNoMatch(in rulesets: String) {
    guard let service else { return }
    StandardError.note("--service '\(service.text)' matches no service port of \(rulesets)")
  }
}

/// The flag for the colours of an answer.
struct ColorOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Whether text has colours: auto for a terminal, unless NO_COLOR is set. (default: auto)"))
  var color: ColorChoice?

  func checkArguments(_ format: AnswerFormat) throws {
    if format == .json, color == .always {
      throw ValidationError(
        "--color always can't be combined with --format json, which has no colours")
    }
  }
}

/// What a command looks at, each by itself.
struct SourcesArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Files that iptables-save or ip6tables-save wrote, - for standard input, or kernel for the kernel's "
        + "rules. (default: kernel)", valueName: "rules"), completion: RulesetInput.completion)
  var inputs: [RulesetInput] = []
}

/// The rule set that a command is about.
struct RulesetArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Files, - for standard input, or kernel for the kernel's rules. (default: kernel)",
      valueName: "rules"), completion: RulesetInput.completion)
  var inputs: [RulesetInput] = []

  var asked: [RulesetInput] { inputs.isEmpty ? [.kernel] : inputs }

  var readsKernel: Bool { asked == [.kernel] }
}

/// The flags of the commands that read one rule set.
struct RulesetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The tables to look at, separated by commas: nat, filter, mangle, raw, security. (default: all)",
      valueName: "tables"),
    completion: TableList.completion, transform: { try TableList($0) })
  var tables: TableList?

  @Option(help: SingleBackend.help)
  var backend: SingleBackend?

  /// The server's flag, so that a helpful error can refuse it.
  @Option(help: .hidden)
  var source: [String] = []

  /// - Parameter readsKernel: whether the kernel's rules are among those that are asked for.
  func checkArguments(readsKernel: Bool) throws {
    if !source.isEmpty {
      throw ValidationError("--source is not for this command: name the files themselves")
    }
    if backend != nil, !readsKernel {
      throw ValidationError("--backend can't be combined with files")
    }
  }

  func makeLoader() -> RulesetLoader {
    RulesetLoader(tables: tables?.tables, backend: backend?.selection ?? .auto)
  }
}

/// A backend of the kernel, where only one can be read.
enum SingleBackend: String, ExpressibleByArgument, CaseIterable {
  case auto, legacy, nft

  static let help = ArgumentHelp(
    "The kernel's backend to read: legacy (x_tables), nft (nf_tables), or auto for the one that "
      + "kube-proxy uses. (default: auto)")

  var selection: BackendSelection {
    switch self {
    case .auto: .auto
    case .legacy: .legacy
    case .nft: .nft
    }
  }
}

/// The form of an answer: for people, or for machines.
enum AnswerFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json

  /// Writes an answer to standard output, once `text` or `json` has said all of it.
  func print(
    _ colors: ColorOption, text: (inout TerminalWriter) -> Void,
    json: (inout JSONWriter) -> Void
  ) throws(AnswerFailure) {
    switch self {
    case .text:
      var writer = TerminalWriter.forStandardOutput(colors.color ?? .auto)
      text(&writer)
      try StandardOutput.write(answer: writer.bytes)
    case .json:
      var writer = JSONWriter()
      json(&writer)
      try StandardOutput.write(answer: writer.finish())
    }
  }
}

extension ColorChoice: ExpressibleByArgument {}

/// Selects the service ports that a pattern matches.
final class ServiceMatcher {
  private let selection: ServiceSelection
  private var budget = MatchingBudget()
  private var names = ServiceSelection.Names()

  init(_ expression: RegularExpression) { selection = ServiceSelection(include: expression) }

  func matches(_ port: ServicePort) -> Bool {
    selection.selects(port, remembering: &names, within: &budget)
  }

  /// - Throws: ``AnswerFailure`` where a service port may be missing in what was selected.
  func finish() throws(AnswerFailure) {
    if let failure = names.failure { throw AnswerFailure(description: "\(failure)") }
  }
}

/// There is no answer: rules can't be read, or the answer can't be written.
struct AnswerFailure: Error, CustomStringConvertible {
  /// The exit status: 1 is an answer.
  static let status: Int32 = 2

  let description: String
}

extension StandardOutput {
  static func write(answer: [UInt8]) throws(AnswerFailure) {
    do {
      try write(answer)
    } catch {
      throw AnswerFailure(description: "cannot write the answer: \(error)")
    }
  }
}

extension StandardError {
  /// Writes a line that the reader of the answer should know.
  static func note(_ text: String) {
    write("kube-iptables-exporter: \(TerminalWriter.escaped(Array(text.utf8)))\n")
  }
}

/// A time as a flag's value: `500ms`, `30s`, `5m`, `1h`, `1m30s`; a number alone is seconds.
struct TimeSpan {
  let duration: Duration

  /// - Parameters:
  ///   - text: the flag's value.
  ///   - longest: the longest time that makes sense, and how people write it.
  init(
    _ text: String,
    atMost longest: (duration: Duration, words: String) = (.seconds(31_536_000), "8760h")
  ) throws(ValidationError) {
    var seconds = 0.0
    var rest = text[...]
    repeat {
      let digits = rest.prefix { $0 == "." || $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      // A number without a unit stands alone.
      let isAlone = digits.count == text.count
      guard let number = Double(digits), let length = isAlone ? 1 : Self.units[String(unit)] else {
        throw ValidationError("it must be a time such as 500ms, 30s, 5m, 1h or 1m30s")
      }
      seconds += number * length
    } while !rest.isEmpty
    guard seconds <= longest.duration / .seconds(1) else {
      throw ValidationError("it must be at most \(longest.words)")
    }
    duration = .seconds(seconds)
  }

  private static let units = ["ms": 0.001, "s": 1, "m": 60, "h": 3600]
}

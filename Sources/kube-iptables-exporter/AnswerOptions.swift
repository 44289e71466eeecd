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

  /// Selects the service ports that are asked for; nil where all are.
  func makeMatcher() -> ServiceMatcher? { service.map(ServiceMatcher.init) }

  /// Says on standard error that the pattern matches none.
  func reportNoMatch(in rulesets: String) {
    guard let service else { return }
    StandardError.note("--service '\(service.text)' matches no service port of \(rulesets)")
  }
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
    help: SourceHelp.tables, completion: TableList.completion, transform: { try TableList($0) })
  var tables: TableList?

  @Option(
    help: ArgumentHelp(
      "The kernel's backend to read: legacy (x_tables), nft (nf_tables), or auto for the one that "
        + "kube-proxy uses. (default: auto)"))
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

/// What several commands say of a flag.
enum SourceHelp {
  static let tables = ArgumentHelp(
    "The tables to look at, separated by commas: nat, filter, mangle, raw, security. (default: all)",
    valueName: "tables")
}

/// A backend of the kernel, where only one can be read.
enum SingleBackend: String, ExpressibleByArgument, CaseIterable {
  case auto, legacy, nft

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
}

extension ColorChoice: ExpressibleByArgument {}

/// Selects the service ports that a pattern matches.
final class ServiceMatcher {
  private let selection: ServiceSelection
  private var budget = MatchingBudget()
  private var verdicts = ServiceSelection.Verdicts()

  init(_ expression: RegularExpression) { selection = ServiceSelection(include: expression) }

  func matches(_ port: ServicePort) -> Bool {
    selection.selects(port, remembering: &verdicts, within: &budget)
  }

  /// - Throws: ``AnswerFailure`` where a service port may be missing in what was selected.
  func finish() throws(AnswerFailure) {
    if let failure = verdicts.failure { throw AnswerFailure(description: "\(failure)") }
  }
}

/// There is no answer: rules can't be read, or the answer can't be written.
struct AnswerFailure: Error, CustomStringConvertible {
  /// The exit status: 1 is an answer.
  static let status: Int32 = 2

  let description: String
}

extension StandardOutput {
  /// Writes text for people, once `body` has said all of it.
  static func write(
    text color: ColorChoice?, _ body: (inout TerminalWriter) -> Void
  ) throws(AnswerFailure) {
    var writer = TerminalWriter.forStandardOutput(color ?? .auto)
    body(&writer)
    try write(answer: writer.bytes)
  }

  /// Writes a JSON document, once `body` has written all of it.
  static func write(json body: (inout JSONWriter) -> Void) throws(AnswerFailure) {
    var writer = JSONWriter()
    body(&writer)
    try write(answer: writer.finish())
  }

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

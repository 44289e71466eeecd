internal import ArgumentParser
internal import Console
internal import IPTablesSource
internal import KubeProxy
internal import Platform

/// The flags of the commands that answer questions about rules.
struct AnswerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only service ports whose namespace/name matches, anywhere in it.", valueName: "regex"),
    transform: SourceOptions.pattern)
  var service: RegularExpression?

  /// The command uses `--tables` and `--backend` only. Its parent has options of these names too, and
  /// would take the command's own.
  @OptionGroup(visibility: .hidden) var sourceOptions: SourceOptions

  func validate() throws {
    if !sourceOptions.source.isEmpty {
      throw ValidationError("--source is not for this command: name the files themselves")
    }
    if sourceOptions.backend == .both {
      throw ValidationError("--backend both is nothing that can be shown as one rule set")
    }
  }

  /// Selects the service ports that are asked for; nil where all are.
  func makeMatcher() -> ServiceMatcher? { service.map(ServiceMatcher.init) }
}

/// The form of an answer: for people, or for machines.
enum AnswerFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

/// Matches a pattern with `namespace/name` of service ports, each name once.
final class ServiceMatcher {
  private let expression: RegularExpression
  private var budget = MatchingBudget()
  private var verdicts: [String: Bool] = [:]
  /// Why it isn't known of a service port whether it matches.
  private var failure: MatchingError?

  init(_ expression: RegularExpression) { self.expression = expression }

  func matches(_ port: ServicePort) -> Bool {
    let name = "\(port.namespace)/\(port.name)"
    if let known = verdicts[name] { return known }
    var matches = false
    do throws(MatchingError) {
      matches = try expression.firstMatch(in: name, within: &budget) != nil
    } catch {
      failure = failure ?? error
    }
    verdicts[name] = matches
    return matches
  }

  /// - Throws: ``AnswerFailure`` where a service port may be missing in what was selected.
  func finish() throws(AnswerFailure) {
    if let failure { throw AnswerFailure(description: "\(failure)") }
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
  static func write(text body: (inout TerminalWriter) -> Void) throws(AnswerFailure) {
    var writer = TerminalWriter.forStandardOutput()
    body(&writer)
    try write(answer: writer.bytes)
  }

  /// Writes a JSON document, once `body` has written all of it.
  static func write(json body: (inout JSONWriter) -> Void) throws(AnswerFailure) {
    var writer = JSONWriter()
    body(&writer)
    try write(answer: writer.finish())
  }

  private static func write(answer: [UInt8]) throws(AnswerFailure) {
    do {
      try write(answer)
    } catch {
      throw AnswerFailure(description: "cannot write the answer: \(error)")
    }
  }
}

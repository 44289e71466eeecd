internal import ArgumentParser
internal import IPTablesSource

/// The flags of the commands that answer questions about rules.
struct AnswerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only service ports whose namespace/name matches, anywhere in it.", valueName: "regex"),
    transform: { try ServicePattern($0) })
  var service: ServicePattern?

  /// Of which only `--tables` and `--backend` are used. A command's own options of these names would be
  /// taken by its parent, which has them too.
  @OptionGroup(visibility: .hidden) var sourceOptions: SourceOptions

  func validate() throws {
    if !sourceOptions.source.isEmpty {
      throw ValidationError("--source is not for this command: name the files themselves")
    }
    if sourceOptions.backend == .both {
      throw ValidationError("--backend both is nothing that can be shown as one rule set")
    }
  }

  func makeLoader() -> RulesetLoader { RulesetLoader(sourceOptions) }

  /// Tells the service ports that are asked for; nil where all are.
  func makeMatcher() -> ServiceMatcher? { service.map(ServiceMatcher.init) }
}

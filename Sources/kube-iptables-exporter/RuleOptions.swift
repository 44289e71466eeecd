internal import ArgumentParser
internal import Exporter
internal import Netfilter
internal import Platform

/// The flags that say which rules have series of their own.
struct RuleOptions: ParsableArguments {
  @Option(
    name: .customLong("rules.comment"),
    help: ArgumentHelp(
      "With --collector.rules: only rules with a comment that matches. What the first group "
        + "captures, if there is one, is the label id.", valueName: "regex"),
    transform: SourceOptions.pattern)
  var comment: ServiceSelection.Pattern?

  @Option(
    name: .customLong("rules.table"),
    help: ArgumentHelp(
      "With --collector.rules: only rules of these tables, separated by commas. They must be among "
        + "--tables. (default: all that are read)", valueName: "tables"))
  var tables: TableList?

  @Option(
    name: .customLong("rules.chain"),
    help: ArgumentHelp(
      "With --collector.rules: only rules of chains whose name matches.", valueName: "regex"),
    transform: SourceOptions.pattern)
  var chain: ServiceSelection.Pattern?

  @Option(
    name: .customLong("rules.limit"),
    help: ArgumentHelp(
      "With --collector.rules: at most so many rules of each address family have series of their "
        + "own.", valueName: "n"))
  var limit: Int?

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--rules.limit can't be negative") }
  }

  var selection: RuleSelection {
    RuleSelection(comment: comment, tables: tables?.tables, chain: chain, limit: limit)
  }
}

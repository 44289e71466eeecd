internal import ArgumentParser
internal import IPTablesSource
internal import KubeProxy

/// The flags of the commands that answer questions about rules.
struct AnswerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only service ports whose namespace/name matches, anywhere in it.", valueName: "regex"))
  var service: ServicePattern?

  @Option(
    help: ArgumentHelp(
      "Only these tables, separated by commas: nat, filter, mangle, raw, security. (default: all)",
      valueName: "tables"))
  var tables: TableList?

  @Option(
    help: ArgumentHelp(
      "The kernel's backend to read: legacy (x_tables), nft (nf_tables), or auto for the one that "
        + "kube-proxy uses.", valueName: "backend"))
  var backend = BackendSelection.auto

  func validate() throws {
    if backend == .both {
      throw ValidationError("--backend both is nothing that can be shown as one rule set")
    }
  }

  func makeLoader() -> RulesetLoader {
    RulesetLoader(tables: tables?.tables, backend: backend)
  }

  /// Tells the service ports that are asked for; nil where all are.
  func selection() -> ((ServicePort) -> Bool)? { service?.makeSelection() }
}

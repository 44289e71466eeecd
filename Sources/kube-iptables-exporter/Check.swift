internal import Answers
internal import ArgumentParser
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform

/// Faults in a rule set.
struct Check: ParsableCommand, Tool {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find faults in the rules of kube-proxy and the kubelet.",
    discussion: """
      It shows each fault with its rules, why it matters, and what to do. Each file is checked by itself.

      Exit status: 0 no faults, or only such as are marked info; 1 other faults; 2 rules could not be \
      read, or the answer not be written.

      EXAMPLES:
        kube-iptables-exporter check
        kube-iptables-exporter check kernel saved.rules
        kube-iptables-exporter check saved.rules --service shop/ --tables nat
        kube-iptables-exporter check --conntrack
        kube-iptables-exporter check --format json
      """,
    version: Version.text)

  @OptionGroup var sources: SourcesArgument

  @Option(help: "The format to print.")
  var format = AnswerFormat.text

  @Option(
    help: ArgumentHelp(
      "Only faults of these tables, separated by commas: nat, filter, mangle, raw, security. (default: all)",
      valueName: "tables"), completion: .list(TableName.allCases.map(\.rawValue)),
    transform: { try TableList($0) })
  var tables: TableList?

  @Option(
    help: ArgumentHelp(
      "The kernel's backend to read: legacy (x_tables), nft (nf_tables), auto for the one that "
        + "kube-proxy uses, or both. (default: auto)"))
  var backend: BackendSelection?

  @Flag(
    help: ArgumentHelp(
      "Look through the kernel's connection table as well, for connections to endpoints that no rule leads to."
    ))
  var conntrack = false

  /// The flag that named files before they were arguments.
  @Option(help: .hidden, transform: { try RulesetLocation($0) })
  var source: [RulesetLocation] = []

  @OptionGroup var options: AnswerOptions

  func checkArguments() throws {
    if source.contains(.kernel), !sources.inputs.isEmpty {
      throw ValidationError("--source kernel can't be combined with files")
    }
    if backend != nil, !asked.contains(.kernel) {
      throw ValidationError("--backend can't be combined with files")
    }
    if conntrack, !asked.contains(.kernel) {
      throw ValidationError("--conntrack can't be combined with files: it reads the kernel")
    }
    if conntrack, backend == .both {
      throw ValidationError("--conntrack can't be combined with --backend both: name one")
    }
    try RulesetInput.validateStandardInput(asked)
    try options.colors.checkArguments(format)
  }

  /// What is checked.
  private var asked: [RulesetInput] {
    let named = source.map { location -> RulesetInput in
      switch location {
      case .kernel: .kernel
      case .file(let path): .file(path: path)
      }
    }
    let all = named + sources.inputs
    return all.isEmpty ? [.kernel] : all
  }

  func run() throws {
    let matcher = options.makeMatcher()
    var report = CheckReport(
      tables: tables?.tables, selection: matcher?.matches)
    for input in asked {
      if input == .kernel { checkKernel(&report) } else { check(input, &report) }
    }
    if conntrack { checkConnections(matcher, &report) }
    try matcher?.finish()
    for failure in report.failures { StandardError.note(failure.message) }
    if report.failures.isEmpty, !report.hasServicePorts {
      options.reportNoMatch(in: asked.map(\.name).joined(separator: ", "))
    }
    try format.print(options.colors, text: report.write, json: report.write)
    if report.exitStatus != 0 { throw ExitCode(report.exitStatus) }
  }

  private func checkConnections(_ matcher: ServiceMatcher?, _ report: inout CheckReport) {
    do throws(AnswerFailure) {
      report.staleConnections = try ConnectionLookup.findStale(
        RulesetLoader(tables: [.nat, .filter], backend: backend ?? .auto), matcher?.matches)
    } catch {
      report.addFailure(of: RulesetInput.kernel.name, error.description)
    }
  }

  private func check(_ file: RulesetInput, _ report: inout CheckReport) {
    do throws(ReadingError) {
      // All are read, because a fault in one may depend on another.
      let families = try file.parse(Set(TableName.allCases))
      let tables = TableName.allCases.filter { self.tables?.tables.contains($0) ?? true }
      let areAbsent = families.allSatisfy { family in
        tables.allSatisfy { family.table($0) == nil && family.incompatibleTables[$0] == nil }
      }
      if areAbsent {
        report.addFailure(
          of: file.name,
          tables.count == 1
            ? "\(file.name) does not hold the table \(tables[0].rawValue)"
            : "\(file.name) holds none of the tables \(Self.list(tables))")
      } else {
        report.add(families, of: file.name, mode: KubeProxyMode(of: families))
      }
    } catch {
      report.addFailure(of: file.name, "\(error)")
    }
  }

  /// `nat, filter and mangle`.
  private static func list(_ tables: [TableName]) -> String {
    let names = tables.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
  }

  /// Checks the backend that kube-proxy uses, or those that were asked for.
  private func checkKernel(_ report: inout CheckReport) {
    let reading = KernelSource(of: backend ?? .auto, tables: Set(TableName.allCases)).read([])
    let (families, others, failures) = reading.families.outcomes
    for failure in failures { report.addFailure(of: RulesetInput.kernel.name, "\(failure)") }
    report.add(
      families, of: RulesetInput.kernel.name, mode: KubeProxyMode(of: reading), beside: others,
      isKernel: true)
  }
}

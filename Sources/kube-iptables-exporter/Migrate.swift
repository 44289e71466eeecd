internal import Answers
internal import ArgumentParser
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform

/// What stands between a node and kube-proxy's nftables mode.
struct Migrate: ParsableCommand, Tool {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Find what stands between a node and kube-proxy's nftables mode.",
    discussion: """
      It examines the kernel's rules, and what the node shows besides. Of a file it tells what rules tell; \
      the rest is unknown. Each file is a node of its own.

      Exit status: 0 nothing is known that blocks; 1 something does; 2 rules could not be read, or the \
      answer not be written.

      EXAMPLES:
        kube-iptables-exporter migrate
        kube-iptables-exporter migrate node1.rules node2.rules
        kube-iptables-exporter migrate --format json
      """,
    version: Version.text)

  @OptionGroup var sources: SourcesArgument

  @Option(help: "The format to print.")
  var format = AnswerFormat.text

  @OptionGroup var colors: ColorOption

  func checkArguments() throws {
    try RulesetInput.validateStandardInput(sources.inputs)
    try colors.checkArguments(format)
  }

  func run() throws {
    var report = MigrationReport()
    for input in sources.inputs.isEmpty ? [.kernel] : sources.inputs {
      if input == .kernel { Self.addKernel(to: &report) } else { Self.add(input, to: &report) }
    }
    for failure in report.failures { StandardError.note(failure.message) }
    try format.print(colors, text: report.write, json: report.write)
    if report.exitStatus != 0 { throw ExitCode(report.exitStatus) }
  }

  /// The tables that hold rules or canaries of kube-proxy and the kubelet.
  private static let tables: Set<TableName> = [.nat, .filter, .mangle]

  private static func add(_ file: RulesetInput, to report: inout MigrationReport) {
    do throws(ReadingError) {
      report.add(Ruleset(name: file.name, families: try file.parse(tables)))
    } catch {
      report.addFailure(of: file.name, "\(error)")
    }
  }

  /// Examines the backend that kube-proxy uses, if all of it can be read, and what is in the other.
  private static func addKernel(to report: inout MigrationReport) {
    let name = RulesetInput.kernel.name
    let reading = KernelSource(of: .auto, tables: tables).read(.all)
    let (families, others, failures) = reading.families.outcomes
    for failure in failures { report.addFailure(of: name, "\(failure)") }
    // Of what was read in part, it isn't known what the rest would show.
    guard report.failures.allSatisfy({ $0.source != name }) else { return }
    report.add(
      Ruleset(
        name: name, families: families, mode: KubeProxyMode(of: reading), beside: others,
        isKernel: true),
      node: LiveNode(reading))
  }
}

extension LiveNode {
  fileprivate init(_ reading: RulesetReading) {
    let accounts = reading.accounts ?? .unknown
    let failure: String? =
      switch accounts {
      case .read: nil
      case .absent:
        "the kernel has not loaded nfnetlink_acct, so kube-proxy counts nothing in nfacct"
      case .unknown:
        "the kernel does not show whether it has loaded nfnetlink_acct, so nfacct was not asked"
      case .failed(let error): "\(error)"
      }
    self.init(
      kernelRelease: FileBytes.text("/proc/sys/kernel/osrelease")?
        .split(whereSeparator: \.isNewline).first.map(String.init),
      evidence: reading.node, accountsFailure: failure
    ) { accounts.packets(of: $0) }
  }
}

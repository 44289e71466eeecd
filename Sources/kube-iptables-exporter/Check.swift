internal import Answers
internal import ArgumentParser
internal import Console
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform

/// Faults in a rule set.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find faults in the rules of kube-proxy and the kubelet.",
    discussion: """
      Each fault with its rules, why it matters, and what to do. --source and --backend are as without a \
      subcommand. Exit status: 0 no faults, or only such as are marked info; 1 other faults; 2 rules could \
      not be read, or the answer not be written.
      """)

  @Argument(
    help: ArgumentHelp(
      "Files that iptables-save or ip6tables-save wrote, each checked by itself; - is standard input. "
        + "Without any, the kernel's rules.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  @Option(help: "The format to print.")
  var format = AnswerFormat.text

  /// The command uses `--source` and `--backend` only. Its parent has options of these names too, and
  /// would take the command's own.
  @OptionGroup(visibility: .hidden) var sourceOptions: SourceOptions

  func validate() throws {
    if sourceOptions.source.contains(.kernel), !files.isEmpty {
      throw ValidationError("--source kernel can't be combined with files")
    }
    if sourceOptions.backend != nil, !files.isEmpty {
      throw ValidationError("--backend can't be combined with files")
    }
  }

  func run() throws {
    var report = CheckReport()
    let paths = sourceOptions.filePaths + files
    if paths.isEmpty { checkKernel(&report) } else { for path in paths { check(path, &report) } }
    for failure in report.failures {
      StandardError.write(
        "kube-iptables-exporter: \(TerminalWriter.escaped(Array(failure.message.utf8)))\n")
    }
    switch format {
    case .text: try StandardOutput.write(text: report.write)
    case .json: try StandardOutput.write(json: report.write)
    }
    if report.exitStatus != 0 { throw ExitCode(report.exitStatus) }
  }

  /// The tables that hold rules or canaries of kube-proxy and the kubelet.
  private static let tables: Set<TableName> = [.filter, .mangle, .nat]

  private func check(_ path: String, _ report: inout CheckReport) {
    let name = path == "-" ? "standard input" : path
    do throws(ReadingError) {
      let families = try SaveFileParser.parse(
        path: path == "-" ? nil : path, tables: Self.tables, accepting: .pipesToo)
      if families.allSatisfy(\.tables.isEmpty) {
        let message = "\(name) holds none of the tables nat, filter and mangle"
        report.addFailure(of: name, message)
      } else {
        report.add(families, of: name, mode: KubeProxyMode(of: families))
      }
    } catch {
      report.addFailure(of: name, "\(error)")
    }
  }

  /// Checks the backend that kube-proxy uses, or those that were asked for.
  private func checkKernel(_ report: inout CheckReport) {
    let reading = sourceOptions.kernelSource(tables: Self.tables).read([])
    var families: [FamilySnapshot] = []
    for family in reading.families where family.isFollowed {
      switch family.result {
      case .success(let snapshot): families.append(snapshot)
      case .failure(let error):
        report.addFailure(of: "kernel", "\(error)")
      }
    }
    report.add(families, of: "kernel", mode: KubeProxyMode(of: reading), isKernel: true)
  }
}

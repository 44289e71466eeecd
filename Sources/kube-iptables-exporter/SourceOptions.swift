public import ArgumentParser
internal import Collectors
public import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform
internal import Tracking

/// The flags that all commands share: what to read and what to collect.
struct SourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the rules come from: kernel (both backends, see --backend), or file:PATH for text "
        + "that iptables-save or ip6tables-save wrote, read again at each scrape (repeatable).",
      valueName: "source"))
  var source: [RulesetLocation] = []

  @Option(
    help: ArgumentHelp(
      "The kernel's backend to read: legacy (x_tables), nft (nf_tables), auto for the one that "
        + "kube-proxy uses, or both. (default: auto)", valueName: "backend"))
  var backend: BackendSelection?

  @Option(
    help: ArgumentHelp(
      "The tables to read, separated by commas: nat, filter, mangle, raw, security. "
        + "(default: nat,filter)", valueName: "tables"))
  var tables: TableList?

  @Flag var collectors: [CollectorFlag] = []

  @Option(
    name: .customLong("services.include"),
    help: ArgumentHelp(
      "Only service ports whose namespace/name matches have series of their own.",
      valueName: "regex"),
    transform: pattern)
  var include: RegularExpression?

  @Option(
    name: .customLong("services.exclude"),
    help: ArgumentHelp(
      "Service ports whose namespace/name matches have no series of their own.",
      valueName: "regex"),
    transform: pattern)
  var exclude: RegularExpression?

  @Option(
    name: .customLong("services.limit"),
    help: ArgumentHelp(
      "At most so many service ports of each address family, those with the most rules, have "
        + "series of their own.", valueName: "n"))
  var limit: Int?

  @OptionGroup var rules: RuleOptions

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--services.limit can't be negative") }
    if let unread = rules.tables?.tables.subtracting(readTables), !unread.isEmpty {
      throw ValidationError("--rules.table names a table that --tables doesn't")
    }
    if source.contains(.kernel), source.count > 1 {
      throw ValidationError("--source kernel can't be combined with another source")
    }
    if backend != nil, !filePaths.isEmpty {
      throw ValidationError("--backend can't be combined with --source file:")
    }
  }

  @Sendable static func pattern(_ text: String) throws -> RegularExpression {
    do {
      return try RegularExpression(text)
    } catch {
      throw ValidationError("not a regular expression: \(error)")
    }
  }

  /// The source that the flags name.
  func makeSource() -> any RulesetSource {
    if filePaths.isEmpty {
      return kernelSource(tables: readTables)
    }
    return SaveFileSource(paths: filePaths, tables: readTables)
  }

  /// The kernel's rules of these tables, in the backend that is asked for.
  func kernelSource(tables: Set<TableName>) -> KernelSource {
    KernelSource(
      backend: backend ?? .auto, tables: tables, signs: .kubeProxy,
      choose: BackendChoice.init(legacy:nft:))
  }

  private var readTables: Set<TableName> { tables?.tables ?? [.nat, .filter] }

  /// The files that `--source` names.
  var filePaths: [String] {
    source.compactMap { if case .file(let path) = $0 { path } else { nil } }
  }

  func exporterOptions(exportsProcess: Bool) -> ExporterOptions {
    ExporterOptions(
      collectors: collectors.reduce(into: CollectorName.byDefault) { $1.apply(to: &$0) },
      selection: ServiceSelection(include: include, exclude: exclude, limit: limit),
      rules: rules.selection, exportsProcess: exportsProcess, build: Version.build)
  }
}

/// The flags `--collector.NAME` and `--no-collector.NAME` of all collectors; the last one counts.
struct CollectorFlag: EnumerableFlag {
  private let collector: CollectorName
  private let isOn: Bool

  static let allCases = CollectorName.allCases.flatMap { collector in
    [true, false].map { CollectorFlag(collector: collector, isOn: $0) }
  }

  static func name(for flag: CollectorFlag) -> NameSpecification { .customLong(flag.name) }

  static func help(for flag: CollectorFlag) -> ArgumentHelp? {
    if !flag.isOn { return "" }
    let byDefault = CollectorFlag(
      collector: flag.collector, isOn: flag.collector.isOnByDefault)
    return "\(flag.collector.help) (default: --\(byDefault.name))"
  }

  func apply(to collectors: inout Set<CollectorName>) {
    if isOn { collectors.insert(collector) } else { collectors.remove(collector) }
  }

  private var name: String { "\(isOn ? "" : "no-")collector.\(collector.rawValue)" }
}

/// The flags that say which rules have series of their own.
struct RuleOptions: ParsableArguments {
  @Option(
    name: .customLong("rules.comment"),
    help: ArgumentHelp(
      "With --collector.rules: only rules with a comment that matches. What the first group "
        + "captures, if there is one, is the label id.", valueName: "regex"),
    transform: SourceOptions.pattern)
  var comment: RegularExpression?

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
  var chain: RegularExpression?

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

/// Where rules come from.
enum RulesetLocation: ExpressibleByArgument, Equatable {
  case kernel
  case file(path: String)

  init?(argument: String) {
    if argument == "kernel" {
      self = .kernel
    } else if argument.hasPrefix("file:"), argument.count > "file:".count {
      self = .file(path: String(argument.dropFirst("file:".count)))
    } else {
      return nil
    }
  }
}

/// Tables, as a list separated by commas.
struct TableList: ExpressibleByArgument {
  let tables: Set<TableName>

  init?(argument: String) {
    var tables: Set<TableName> = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let table = TableName(rawValue: String(name)) else { return nil }
      tables.insert(table)
    }
    self.tables = tables
  }
}

/// A backend's name as a flag's value.
extension BackendSelection: ExpressibleByArgument {}

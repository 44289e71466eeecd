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
      valueName: "source"),
    completion: .list(["kernel", "file:"]), transform: { try RulesetLocation($0) })
  var source: [RulesetLocation] = []

  @Option(
    help: ArgumentHelp(
      "The kernel's backend to read: legacy (x_tables), nft (nf_tables), auto for the one that "
        + "kube-proxy uses, or both. (default: auto)", valueName: "backend"))
  var backend: BackendSelection?

  @Option(
    help: ArgumentHelp(
      "The tables to read, separated by commas: nat, filter, mangle, raw, security. "
        + "(default: nat,filter)", valueName: "tables"),
    completion: TableList.completion, transform: { try TableList($0) })
  var tables: TableList?

  @Flag var collectors: [CollectorFlag] = []

  @Flag(
    name: .customLong("since-last-scrape"), inversion: .prefixedNo,
    help: "Export what changed since each scraper's last scrape (..._since_last_scrape).")
  var comparesScrapes = true

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
        + "series of their own.", valueName: "n"),
    transform: wholeNumber)
  var limit: Int?

  @OptionGroup var rules: RuleOptions

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--services.limit can't be negative") }
    try refuseIdleFlags()
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

  /// Refuses flags that have no effect, because their collector is off.
  private func refuseIdleFlags() throws {
    let collected = chosenCollectors
    let services = [
      ("include", include != nil), ("exclude", exclude != nil), ("limit", limit != nil),
    ]
    if collected.isDisjoint(with: [.services, .endpoints, .connections]),
      let idle = services.first(where: \.1)
    {
      throw ValidationError(
        "--services.\(idle.0) does nothing without one of --collector.services, --collector.endpoints and "
          + "--collector.connections")
    }
    if !collected.contains(.rules), let idle = rules.given {
      throw ValidationError("--rules.\(idle) does nothing without --collector.rules")
    }
  }

  private var chosenCollectors: Set<Collector> {
    collectors.reduce(into: Collector.byDefault) { $1.apply(to: &$0) }
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
    if filePaths.isEmpty { return KernelSource(of: backend ?? .auto, tables: readTables) }
    return SaveFileSource(paths: filePaths, tables: readTables)
  }

  private var readTables: Set<TableName> { tables?.tables ?? [.nat, .filter] }

  var readsFiles: Bool { !filePaths.isEmpty }

  /// The files that `--source` names.
  private var filePaths: [String] {
    source.compactMap { if case .file(let path) = $0 { path } else { nil } }
  }

  func exporterOptions(
    exportsProcess: Bool, exportsBeginnings: Bool = false
  ) -> ExporterOptions {
    ExporterOptions(
      collectors: chosenCollectors,
      selection: ServiceSelection(include: include, exclude: exclude, limit: limit),
      rules: rules.selection, exportsProcess: exportsProcess, comparesScrapes: comparesScrapes,
      exportsBeginnings: exportsBeginnings, build: Version.build)
  }
}

/// The flags `--collector.NAME` and `--no-collector.NAME` of all collectors; the last one counts.
struct CollectorFlag: EnumerableFlag {
  private let collector: Collector
  private let isOn: Bool

  static let allCases = Collector.allCases.flatMap { collector in
    [true, false].map { CollectorFlag(collector: collector, isOn: $0) }
  }

  static func name(for flag: CollectorFlag) -> NameSpecification { .customLong(flag.name) }

  static func help(for flag: CollectorFlag) -> ArgumentHelp? {
    if !flag.isOn { return "" }
    let byDefault = CollectorFlag(
      collector: flag.collector, isOn: flag.collector.isOnByDefault)
    return "\(flag.collector.help) (default: --\(byDefault.name))"
  }

  func apply(to collectors: inout Set<Collector>) {
    if isOn { collectors.insert(collector) } else { collectors.remove(collector) }
  }

  private var name: String { "\(isOn ? "" : "no-")collector.\(collector.name)" }
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
        + "--tables. (default: all that are read)", valueName: "tables"),
    completion: TableList.completion, transform: { try TableList($0) })
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
        + "own.", valueName: "n"),
    transform: wholeNumber)
  var limit: Int?

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--rules.limit can't be negative") }
  }

  /// The first flag that was given, without `--rules.`.
  var given: String? {
    [
      ("comment", comment != nil), ("table", tables != nil), ("chain", chain != nil),
      ("limit", limit != nil),
    ].first(where: \.1)?.0
  }

  var selection: RuleSelection {
    RuleSelection(comment: comment, tables: tables?.tables, chain: chain, limit: limit)
  }
}

/// Where rules come from.
enum RulesetLocation: Equatable {
  case kernel
  case file(path: String)

  init(_ text: String) throws(ValidationError) {
    let path = text.hasPrefix("file:") ? text.dropFirst("file:".count) : ""
    if text == "kernel" {
      self = .kernel
    } else if !path.isEmpty {
      self = .file(path: String(path))
    } else {
      throw ValidationError("it must be kernel or file:PATH")
    }
  }
}

/// Tables, as a list separated by commas.
struct TableList {
  let tables: Set<TableName>

  init(_ text: String) throws(ValidationError) {
    var tables: Set<TableName> = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let table = TableName(rawValue: String(name)) else {
        throw ValidationError(
          "no table is called '\(name)': the tables are \(Self.names.joined(separator: ", "))")
      }
      tables.insert(table)
    }
    self.tables = tables
  }

  static let completion = CompletionKind.list(names)

  private static let names = TableName.allCases.map(\.rawValue)
}

/// A backend's name as a flag's value.
extension BackendSelection: ExpressibleByArgument {}

extension KernelSource {
  /// The kernel's rules as kube-proxy writes them.
  convenience init(of backend: BackendSelection, tables: Set<TableName>) {
    self.init(
      backend: backend, tables: tables, signs: .kubeProxy, choose: BackendChoice.init(legacy:nft:))
  }
}

/// A whole number as a flag's value, which says what is wrong with another.
@Sendable func wholeNumber(_ text: String) throws -> Int {
  guard let number = Int(text) else { throw ValidationError("it must be a whole number") }
  return number
}

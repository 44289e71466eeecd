internal import Answers
internal import ArgumentParser
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform

/// A rule set that a command is asked about: what `iptables-save` wrote into a file, or to standard
/// input, or the kernel's.
enum RulesetInput: ExpressibleByArgument, Equatable {
  case kernel
  case standardInput
  case file(path: String)

  /// Takes `kernel`, `-`, a path, or `file:PATH` for a file that is called `kernel`.
  init?(argument: String) {
    switch argument {
    case "": return nil
    case "kernel": self = .kernel
    case "-": self = .standardInput
    case _ where argument.hasPrefix("file:"):
      self = .file(path: String(argument.dropFirst("file:".count)))
    default: self = .file(path: argument)
    }
  }

  /// The name that people read.
  var name: String {
    switch self {
    case .kernel: "kernel"
    case .standardInput: "standard input"
    case .file(let path): path
    }
  }

  /// Reads a file, or standard input.
  ///
  /// - Parameter tables: Those that count; nil for all.
  func parse(_ tables: Set<TableName>?) throws(ReadingError) -> [FamilySnapshot] {
    let path: String? = if case .file(let path) = self { path } else { nil }
    // The file may be a shell's `<(iptables-save)`.
    return try SaveFileParser.parse(path: path, tables: tables, accepting: .pipesToo)
  }

  /// What files complete to.
  static let completion = CompletionKind.file()

  /// Checks that standard input is asked for once at most.
  static func validateStandardInput(_ inputs: [RulesetInput]) throws {
    guard inputs.count(where: { $0 == .standardInput }) <= 1 else {
      throw ValidationError("standard input can be read once")
    }
  }

  /// Checks that each of the lists can be read as one rule set, one list after the other.
  static func validate(_ rulesets: [RulesetInput]...) throws {
    try validateStandardInput(rulesets.flatMap(\.self))
    guard rulesets.allSatisfy({ $0 == [.kernel] || !$0.contains(.kernel) }) else {
      throw ValidationError("the kernel's rules can't be mixed with a file's")
    }
  }
}

/// Reads the rule sets that a command is asked about.
struct RulesetLoader {
  /// The tables that are asked for; nil for all.
  private let tables: Set<TableName>?
  private let kernel: KernelSource

  /// - Parameter tables: those that are asked for; nil for all.
  init(tables: Set<TableName>?, backend: BackendSelection) {
    self.tables = tables
    kernel = KernelSource(of: backend, tables: tables ?? Set(TableName.allCases))
  }

  /// Reads inputs that make up one rule set: a file of each family, for example.
  ///
  /// - Parameter families: those of the kernel that are asked for.
  /// - Throws: ``AnswerFailure`` for the first that can't be read, or not be understood.
  func load(
    _ inputs: [RulesetInput], families asked: Set<IPFamily> = Set(IPFamily.allCases)
  ) throws(AnswerFailure) -> Ruleset {
    if inputs == [.kernel] { return try loadKernel(asked) }
    var families = SavedFamilies()
    for input in inputs {
      if let table = families.add(try read(input)).first {
        throw AnswerFailure(
          description: "\(input.name): another file of the same side holds the "
            + "\(table.family.rawValue) table \(table.name.rawValue) too")
      }
    }
    let name = inputs.map(\.name).joined(separator: " + ")
    let snapshots = families.snapshots
    reportAbsence(snapshots, name)
    return Ruleset(name: name, families: snapshots)
  }

  /// Reads the kernel's rules, in the backend that kube-proxy uses unless another is asked for.
  ///
  /// - Parameter asked: The families that must be read. The others help to choose the backend, if they can
  ///   be read.
  func loadKernel(
    _ asked: Set<IPFamily> = Set(IPFamily.allCases)
  ) throws(AnswerFailure) -> Ruleset {
    let reading = kernel.read(.ofTables)
    let (families, others, failures) = reading.families.filter { asked.contains($0.family) }
      .outcomes
    if let failure = failures.first { throw AnswerFailure(description: "\(failure)") }
    reportAbsence(families, "kernel")
    return Ruleset(
      name: "kernel", families: families, mode: KubeProxyMode(of: reading), beside: others,
      isKernel: true)
  }

  /// Reports on standard error that none of the requested tables exists.
  private func reportAbsence(_ families: [FamilySnapshot], _ name: String) {
    guard let tables, families.allSatisfy(\.tables.isEmpty) else { return }
    let names = tables.sorted().map(\.rawValue).joined(separator: ",")
    StandardError.note("--tables \(names) matches no table of \(name)")
  }

  /// Reads a file, of which only the tables count that are asked for. Nothing is said of the others, not
  /// even that the file lacks them.
  private func read(_ input: RulesetInput) throws(AnswerFailure) -> [FamilySnapshot] {
    do throws(ReadingError) {
      let families = try input.parse(nil)
      guard let tables else { return families }
      return families.map { family in
        FamilySnapshot(
          backend: family.backend, family: family.family,
          tables: family.tables.filter { tables.contains($0.name) })
      }
    } catch {
      throw AnswerFailure(description: "\(error)")
    }
  }
}

extension [FamilyReading] {
  /// What could be read of the backends that are followed, and of the others; and why the rest of the followed
  /// ones could not.
  var outcomes: (followed: [FamilySnapshot], others: [FamilySnapshot], failures: [ReadingError]) {
    var outcomes: ([FamilySnapshot], [FamilySnapshot], [ReadingError]) = ([], [], [])
    for family in self {
      switch family.result {
      case .success(let snapshot) where family.isFollowed: outcomes.0.append(snapshot)
      case .success(let snapshot): outcomes.1.append(snapshot)
      case .failure(let error) where family.isFollowed: outcomes.2.append(error)
      case .failure: break
      }
    }
    return outcomes
  }
}

extension KubeProxyMode {
  /// The mode that a reading shows: the rules of the backend that kube-proxy uses, and the node.
  init(of reading: RulesetReading) {
    let backend = reading.choice?.backend
    self.init(
      of: reading.families.filter { backend == nil || backend == $0.backend }
        .compactMap { try? $0.result.get() }, reading.node)
  }
}

/// Looks through the kernel's connection table once.
enum ConnectionLookup {
  /// Finds connections to endpoints that no rule leads to, by the kernel's rules from before and after the dump.
  ///
  /// - Parameter selection: The service ports that are asked for; nil for all.
  static func findStale(
    _ loader: RulesetLoader, _ selection: ((ServicePort) -> Bool)?
  ) throws(AnswerFailure) -> [StaleConnections.Group] {
    let reader = ConntrackReader()
    let local = reader.localAddresses()
    func judge() throws(AnswerFailure) -> StaleConnections {
      StaleConnections(
        of: try loader.loadKernel(), selection: selection, isLocal: { local.contains($0) })
    }
    var stale = try judge()
    do throws(ReadingError) {
      for family in stale.families {
        let isReadable = try reader.forEachTranslated(family) { stale.take($0, family) }
        guard isReadable else {
          throw ReadingError(
            operation: .readConntrack,
            cause: "the kernel has not loaded nf_conntrack_netlink, and reading must not load it "
              + "(modprobe nf_conntrack_netlink)")
        }
      }
    } catch {
      throw AnswerFailure(description: "\(error)")
    }
    return stale.groups(confirmedBy: try judge())
  }
}

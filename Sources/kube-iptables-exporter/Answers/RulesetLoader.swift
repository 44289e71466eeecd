internal import Answers
internal import IPTablesSource
internal import KubeProxy
internal import Netfilter
internal import Platform

/// Reads the rule sets that a command is asked about.
struct RulesetLoader {
  /// The tables that are asked for; nil for all.
  let tables: Set<TableName>?
  private let kernel: KernelSource

  init(_ options: SourceOptions) {
    tables = options.tables?.tables
    kernel = options.kernelSource(tables: tables ?? Set(TableName.allCases))
  }

  /// Reads the inputs, which are of one rule set: the files of either family, say.
  ///
  /// - Throws: ``ReadingFailure`` for the first that can't be read, or not be understood.
  func load(_ inputs: [RulesetInput]) throws(ReadingFailure) -> Ruleset {
    if inputs == [.kernel] { return try loadKernel() }
    var families: [Identity: FamilySnapshot] = [:]
    for input in inputs {
      for snapshot in try parse(input) {
        let identity = Identity(backend: snapshot.backend, family: snapshot.family)
        families[identity] = try Self.merge(families[identity], snapshot, input)
      }
    }
    return Ruleset(
      name: inputs.map(\.name).joined(separator: " + "), families: Array(families.values))
  }

  private struct Identity: Hashable {
    let backend: Backend
    let family: IPFamily
  }

  /// Reads the kernel's rules, in the backend that kube-proxy uses unless another is asked for.
  func loadKernel() throws(ReadingFailure) -> Ruleset {
    let reading = kernel.read(.all)
    var families: [FamilySnapshot] = []
    for family in reading.families where family.isFollowed {
      do throws(ReadingError) {
        families.append(try family.result.get())
      } catch {
        throw ReadingFailure(description: "\(error)")
      }
    }
    return Ruleset(
      name: "kernel", families: families, mode: KubeProxyMode(of: reading), isKernel: true)
  }

  private func parse(_ input: RulesetInput) throws(ReadingFailure) -> [FamilySnapshot] {
    if input == .kernel { return try loadKernel().families }
    let text: [UInt8]
    let limit = SaveFileSource.sizeLimit
    do throws(FileError) {
      switch input {
      case .kernel: text = []
      case .standardInput: text = try FileBytes.readStandardInput(limit: limit)
      case .file(let path):
        // Such as a shell's `<(iptables-save)`.
        text = try FileBytes.read(path: path, limit: limit, accepting: .pipesToo)
      }
    } catch {
      throw ReadingFailure(description: "cannot read \(input.name): \(error)")
    }
    do throws(ReadingError) {
      return try SaveFileParser.parse(text, tables: nil).map(restricted)
    } catch {
      throw ReadingFailure(description: "\(input.name): \(error)")
    }
  }

  /// Only the tables that are asked for. Of the others nothing is said, not even that a file lacks them.
  private func restricted(_ snapshot: FamilySnapshot) -> FamilySnapshot {
    guard let tables else { return snapshot }
    return FamilySnapshot(
      backend: snapshot.backend, family: snapshot.family,
      tables: snapshot.tables.filter { tables.contains($0.name) })
  }

  private static func merge(
    _ known: FamilySnapshot?, _ more: FamilySnapshot, _ input: RulesetInput
  ) throws(ReadingFailure) -> FamilySnapshot {
    guard let known else { return more }
    let names = Set(known.tables.map(\.name))
    if let table = more.tables.first(where: { names.contains($0.name) }) {
      throw ReadingFailure(
        description: "\(input.name): another file of the same side holds the "
          + "\(table.family.rawValue) table \(table.name.rawValue) too")
    }
    return FamilySnapshot(
      backend: known.backend, family: known.family, tables: known.tables + more.tables)
  }
}

import Collectors
import Exposition
import FoundationEssentials
import IPTablesSource
import Netfilter
import Synchronization
import TestSupport

/// The consecutive states of one node: the fixtures of a folder that begin with the same letter.
struct NodeHistory: Sendable, CustomStringConvertible {
  /// Such as `legacy-1.28/d`.
  let name: String
  let steps: [NodeState]

  var description: String { name }

  static let all: [NodeHistory] = {
    var histories: [NodeHistory] = []
    for fixture in Fixture.all where fixture.family == .ipv4 {
      let name = fixture.name.split(separator: "-").prefix(2).joined(separator: "-")
      let state = NodeState(fixture)
      if let last = histories.last, last.name == name {
        histories[histories.count - 1] = NodeHistory(name: name, steps: last.steps + [state])
      } else {
        histories.append(NodeHistory(name: name, steps: [state]))
      }
    }
    return histories
  }()

  /// Those with more than one state.
  static let changing = all.filter { $0.steps.count > 1 }
}

/// A node at one moment: a dump of each family.
struct NodeState: Sendable, CustomStringConvertible {
  /// The IPv4 dump, and IPv6's where it was taken.
  let fixtures: [Fixture]

  var description: String { fixtures[0].name }

  init(_ fixture: Fixture) {
    let sibling = Fixture(fixture.name.replacing(".rules", with: ".v6.rules"))
    fixtures = [fixture] + (FileManager.default.fileExists(atPath: sibling.path) ? [sibling] : [])
  }

  static let all: [NodeState] = NodeHistory.all.flatMap(\.steps)

  var families: [IPFamily] { fixtures.map(\.family) }

  var groundTruth: GroundTruth {
    get throws { try fixtures[0].groundTruth() }
  }

  /// What reading the files gives: the same objects for all who ask, as from a source whose files stay.
  func read() -> [FamilyReading] {
    if let known = Self.readings.withLock({ $0[description] }) { return known }
    let readings = SaveFileSource(paths: fixtures.map(\.path)).read()
    Self.readings.withLock { $0[description] = readings }
    return readings
  }

  private static let readings = Mutex<[String: [FamilyReading]]>([:])

  /// What loading them into a backend and reading that gives, in this thread's network namespace.
  func readFromKernel(_ source: any RulesetSource, _ backend: Backend) throws -> [FamilyReading] {
    for fixture in fixtures { try backend.load(fixture.bytes(), fixture.family) }
    return source.read().filter { families.contains($0.family) }
  }
}

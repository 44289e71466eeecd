internal import KubeProxy
public import Netfilter

/// What the command `check` found: of each family that could be read its faults, and of the others why.
public struct CheckReport: Sendable {
  /// A family that was read, and its faults.
  public struct Reading: Sendable {
    /// Where it comes from, such as a file's name.
    let source: String
    let snapshot: FamilySnapshot
    let servicePorts: Int
    let findings: [Finding]

    /// Inspects a reading.
    public init(source: String, _ snapshot: FamilySnapshot) {
      let map = ServiceMap(
        nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content)
      self.source = source
      self.snapshot = snapshot
      servicePorts = map.services.count
      findings = Inspection(of: snapshot, map: map).findings
    }

    var ruleCount: Int { snapshot.tables.reduce(0) { $0 + $1.content.ruleCount } }
  }

  /// Rules that could not be read.
  public struct Failure: Sendable {
    public let source: String
    public let message: String

    public init(source: String, message: String) {
      self.source = source
      self.message = message
    }
  }

  private(set) var readings: [Reading] = []
  public private(set) var failures: [Failure] = []

  public init() {}

  public mutating func add(_ reading: Reading) { readings.append(reading) }
  public mutating func add(_ failure: Failure) { failures.append(failure) }

  /// What the command ends with: 2 where rules could not be read, 1 where there are faults, else 0.
  public var exitStatus: Int32 {
    if !failures.isEmpty { return 2 }
    return readings.contains { !$0.findings.isEmpty } ? 1 : 0
  }
}

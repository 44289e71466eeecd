public import KubeProxy
public import Netfilter

/// What the command `check` found: of each family that could be read its faults, and of the others why.
public struct CheckReport: Sendable {
  /// A family that was read, and its faults.
  public struct Reading: Sendable {
    /// Where it comes from, such as a file's name.
    let source: String
    let snapshot: FamilySnapshot
    /// kube-proxy's, as the source shows it.
    let mode: KubeProxyMode
    /// Whether the source is the kernel, and not a file.
    let isKernel: Bool
    let servicePorts: Int
    let unnamed: UnnamedChains
    let findings: [Finding]

    fileprivate init(
      source: String, _ snapshot: FamilySnapshot, _ mode: KubeProxyMode, isKernel: Bool
    ) {
      let map = ServiceMap(
        nat: snapshot.table(.nat)?.content, filter: snapshot.table(.filter)?.content)
      self.source = source
      self.snapshot = snapshot
      self.mode = mode
      self.isKernel = isKernel
      servicePorts = map.services.count
      unnamed = map.unnamed
      findings = Inspection(of: snapshot, map: map, mode: mode).findings
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

  /// Inspects the families that were read of a source.
  ///
  /// - Parameters:
  ///   - mode: kube-proxy's, as the source shows it.
  ///   - isKernel: whether the source is the kernel, and not a file.
  public mutating func add(
    _ families: [FamilySnapshot], of source: String, mode: KubeProxyMode, isKernel: Bool = false
  ) {
    readings += families.map { Reading(source: source, $0, mode, isKernel: isKernel) }
  }

  public mutating func add(_ failure: Failure) { failures.append(failure) }

  /// What the command ends with: 2 where rules could not be read, 1 where there are faults that are not
  /// of the severity ``Anomaly/Severity/info``, else 0.
  public var exitStatus: Int32 {
    if !failures.isEmpty { return 2 }
    let findings = readings.lazy.flatMap(\.findings)
    return findings.contains { $0.anomaly.severity != .info } ? 1 : 0
  }
}

/// What is collected, and for which service ports.
public struct ExporterOptions: Sendable {
  /// The collectors that are on.
  public var collectors: Set<CollectorName>
  /// Which service ports have series of their own.
  public var selection: ServiceSelection
  /// Whether the exporter's own process is exported too.
  public var exportsProcess: Bool
  public var build: BuildInformation

  public init(
    collectors: Set<CollectorName> = Set(CollectorName.allCases),
    selection: ServiceSelection = ServiceSelection(), exportsProcess: Bool = true,
    build: BuildInformation
  ) {
    self.collectors = collectors
    self.selection = selection
    self.exportsProcess = exportsProcess
    self.build = build
  }
}

/// A part of the metrics that can be switched off, or asked for alone; the raw value is its name.
public enum CollectorName: String, Sendable, Hashable, CaseIterable {
  case services
  case tables
}

/// What this binary was built from.
public struct BuildInformation: Sendable, Hashable {
  public let version: String
  public let revision: String
  public let swiftVersion: String

  public init(version: String, revision: String, swiftVersion: String) {
    self.version = version
    self.revision = revision
    self.swiftVersion = swiftVersion
  }
}

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

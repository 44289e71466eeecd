/// What is collected, and for which service ports and rules.
public struct ExporterOptions: Sendable {
  /// The collectors that are on.
  public var collectors: Set<CollectorName>
  /// Which service ports have series of their own.
  public var selection: ServiceSelection
  /// Which rules have series of their own, where the collector `rules` is on.
  public var rules: RuleSelection
  /// Whether the exporter's own process is exported too.
  public var exportsProcess: Bool
  public var build: BuildInformation

  public init(
    collectors: Set<CollectorName> = CollectorName.byDefault,
    selection: ServiceSelection = ServiceSelection(), rules: RuleSelection = RuleSelection(),
    exportsProcess: Bool = true, build: BuildInformation
  ) {
    self.collectors = collectors
    self.selection = selection
    self.rules = rules
    self.exportsProcess = exportsProcess
    self.build = build
  }
}

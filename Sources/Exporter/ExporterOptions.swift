public import Netfilter

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

/// Which rules have series of their own, where rules have any.
public struct RuleSelection: Sendable {
  /// Only rules with a comment that matches; what the first group captures, if there is one, is the
  /// label `id`.
  public var comment: ServiceSelection.Pattern?
  /// Only rules of these tables; nil for all that are read.
  public var tables: Set<TableName>?
  /// Only rules of chains whose name matches.
  public var chain: ServiceSelection.Pattern?
  /// At most so many series of each address family in each backend; nil for all.
  public var limit: Int?

  public init(
    comment: ServiceSelection.Pattern? = nil, tables: Set<TableName>? = nil,
    chain: ServiceSelection.Pattern? = nil, limit: Int? = nil
  ) {
    self.comment = comment
    self.tables = tables
    self.chain = chain
    self.limit = limit
  }
}

/// The name, type and meaning of a metric.
public struct MetricFamily: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable {
    case counter
    case gauge
  }

  /// The name of the samples; a counter's ends in `_total`.
  public let name: String
  public let kind: Kind
  /// What it means, for people: any text.
  public let help: String

  public init(_ name: String, _ kind: Kind, _ help: String) {
    precondition(kind != .counter || name.hasSuffix(Self.total), "a counter ends in _total")
    self.name = name
    self.kind = kind
    self.help = help
  }

  /// The name in the metadata: OpenMetrics leaves a counter's suffix to its samples.
  func metadataName(_ format: ExpositionFormat) -> Substring {
    switch (format, kind) {
    case (.openMetrics, .counter): name.dropLast(Self.total.count)
    default: name[...]
    }
  }

  private static let total = "_total"
}

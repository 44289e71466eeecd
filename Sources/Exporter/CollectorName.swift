/// A part of the metrics that can be switched off, or asked for alone; the raw value is its name.
public enum CollectorName: String, Sendable, Hashable, CaseIterable {
  case services
  case tables
}

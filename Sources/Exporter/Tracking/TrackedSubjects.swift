/// What is followed from reading to reading.
struct TrackedSubjects: Sendable {
  /// The service ports that have series of their own.
  var services = ServiceSelection()
  /// The rules that have; nil for none.
  var rules: RuleSelection?
  /// Whether endpoints have.
  var includesEndpoints = false
  /// Whether faults are looked for.
  var includesAnomalies = false
}

extension TrackedSubjects {
  init(_ options: ExporterOptions) {
    services = options.selection
    rules = options.collectors.contains(.rules) ? options.rules : nil
    includesEndpoints = options.collectors.contains(.endpoints)
    includesAnomalies = options.collectors.contains(.anomalies)
  }
}

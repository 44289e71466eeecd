internal import Harness

/// What the soak came to.
struct SoakSummary {
  /// The share of scrapes in which a reading may have failed.
  private static let toleratedFailures = 0.01

  let content: SoakRecord.Content
  let usage: (early: ResourceWatch.Usage, late: ResourceWatch.Usage)?

  /// Whether everything held.
  var isGood: Bool { violations.isEmpty }

  private var violations: [String] {
    var violations = content.violations
    let unreported = content.violationCount - violations.count
    if unreported > 0 { violations.append("and \(unreported) more") }
    if Double(content.failedReadings) > Double(content.scrapes.count) * Self.toleratedFailures {
      violations.append("readings failed in \(content.failedReadings) scrapes")
    }
    if ScrapeRequest.allCases.contains(where: { content.requests[$0] == nil }) {
      violations.append("not every kind of request was answered")
    }
    if content.promtoolChecks == 0 { violations.append("promtool judged no scrape") }
    return violations
  }

  func show() {
    for backend in Backend.allCases {
      let writes = content.writes[backend] ?? SoakRecord.Times()
      line("writes, \(backend)", "\(writes.count), the longest \(milliseconds(writes.longest))")
    }
    line(
      "scrapes", "\(content.scrapes.count), the longest \(milliseconds(content.scrapes.longest))")
    for request in ScrapeRequest.allCases {
      line("  \(request)", "\(content.requests[request] ?? 0)")
    }
    line("  judged by promtool", "\(content.promtoolChecks)")
    line("  with failed readings", "\(content.failedReadings)")
    if let usage {
      line(
        "resident memory", "\(usage.early.memory / 1000) kB, then \(usage.late.memory / 1000) kB")
      line("open files", "\(usage.early.openFiles), then \(usage.late.openFiles)")
    }
    print(isGood ? "\nEvery scrape held." : "\nViolations:")
    violations.forEach { print("  \($0)") }
  }

  private func line(_ label: String, _ value: String) {
    print("  " + label + String(repeating: " ", count: max(1, 28 - label.count)) + value)
  }

  private func milliseconds(_ duration: Duration) -> String {
    "\(Int(duration / .milliseconds(1))) ms"
  }
}

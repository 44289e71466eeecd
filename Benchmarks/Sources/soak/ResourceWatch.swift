internal import Harness

/// The exporter's memory and open files over time.
struct ResourceWatch {
  /// What the memory at the end may exceed that of the warm-up by: a share of it, and bytes.
  private static let memoryGrowth = (share: 0.1, bytes: 2_000_000)
  private static let openFileGrowth = 2

  private struct Sample {
    let elapsed: Duration
    let memory: Int
    let openFiles: Int
  }

  private let start = ContinuousClock.now
  private var samples: [Sample] = []

  /// Looks at the exporter now.
  mutating func look(at process: borrowing ExporterProcess) throws {
    samples.append(
      Sample(
        elapsed: .now - start, memory: try process.residentMemory(),
        openFiles: try process.openFiles()))
  }

  /// What was used in the eighth after the first quarter of the time, and in the last eighth.
  ///
  /// Both are medians: single scrapes need more for a moment.
  var usage: (early: Usage, late: Usage)? {
    guard let whole = samples.last?.elapsed, samples.count >= 16 else { return nil }
    return (usage(whole / 4, whole * 3 / 8), usage(whole * 7 / 8, whole))
  }

  /// What is in use at a time.
  struct Usage {
    let memory: Int
    let openFiles: Int
  }

  /// What has grown that must not, in words.
  var violations: [String] {
    guard let (early, late) = usage else { return ["memory was not watched for long enough"] }
    var violations: [String] = []
    let limit =
      Double(early.memory) * (1 + Self.memoryGrowth.share) + Double(Self.memoryGrowth.bytes)
    if Double(late.memory) > limit {
      violations.append("resident memory grew from \(early.memory) to \(late.memory) bytes")
    }
    if late.openFiles > early.openFiles + Self.openFileGrowth {
      violations.append("open files grew from \(early.openFiles) to \(late.openFiles)")
    }
    return violations
  }

  private func usage(_ from: Duration, _ to: Duration) -> Usage {
    let window = samples.filter { $0.elapsed >= from && $0.elapsed <= to }
    return Usage(
      memory: median(window.map(\.memory)), openFiles: median(window.map(\.openFiles)))
  }

  private func median(_ values: [Int]) -> Int {
    values.isEmpty ? 0 : values.sorted()[values.count / 2]
  }
}

internal import Exposition
internal import Platform

/// How the scrape went, and who served it.
struct ExporterMetrics {
  let build: BuildInformation
  let exportsProcess: Bool

  /// What a collector's part of a scrape came to.
  struct Outcome {
    let collector: CollectorName
    let isSuccess: Bool
    /// In seconds.
    let duration: Double
  }

  func write(_ outcomes: [Outcome], to writer: inout ExpositionWriter) {
    writer.write(Self.duration) { samples in
      for outcome in outcomes {
        samples.sample(
          LabelSet(["collector": outcome.collector.rawValue]), outcome.duration)
      }
    }
    writer.write(Self.success) { samples in
      for outcome in outcomes {
        samples.sample(
          LabelSet(["collector": outcome.collector.rawValue]), outcome.isSuccess ? 1 : 0)
      }
    }
    writer.write(Self.buildInformation) { samples in
      samples.sample(
        LabelSet([
          "version": build.version, "revision": build.revision,
          "swiftversion": build.swiftVersion,
        ]), 1)
    }
    if exportsProcess { ProcessMetrics().write(to: &writer) }
  }

  private static let duration = MetricFamily(
    "iptables_scrape_collector_duration_seconds", .gauge,
    "How long the collector's part of the scrape took; the reading itself is in "
      + "iptables_reading_duration_seconds.")

  private static let success = MetricFamily(
    "iptables_scrape_collector_success", .gauge, "1 where the collector had all it needed.")

  private static let buildInformation = MetricFamily(
    "iptables_exporter_build_info", .gauge, "Always 1; the labels tell what this binary is.")
}

/// The standard process metrics, from /proc/self; what can't be read is left out.
struct ProcessMetrics {
  func write(to writer: inout ExpositionWriter) {
    let fields = Self.statFields
    let ticks = Double(ProcessLimits.clockTicks)
    // Fields are numbered as in proc(5), where the third is the first behind the name.
    if let user = fields[safe: 14 - 3], let system = fields[safe: 15 - 3] {
      writer.write(Self.cpu) { $0.sample(.none, Double(user + system) / ticks) }
    }
    if let limit = ProcessLimits.openFiles {
      writer.write(Self.maxFiles) { $0.sample(.none, limit) }
    }
    if let open = ProcessLimits.openFileCount {
      writer.write(Self.openFiles) { $0.sample(.none, open) }
    }
    if let pages = fields[safe: 24 - 3] {
      let size = pages * ProcessLimits.pageSize
      writer.write(Self.residentMemory) { $0.sample(.none, size) }
    }
    if let start = fields[safe: 22 - 3], let boot = Self.bootTime {
      writer.write(Self.startTime) { $0.sample(.none, boot + Double(start) / ticks) }
    }
    if let size = fields[safe: 23 - 3] {
      writer.write(Self.virtualMemory) { $0.sample(.none, size) }
    }
  }

  /// The numbers of /proc/self/stat from the third field on; the letter there is left as 0.
  private static var statFields: [Int] {
    guard let text = FileBytes.text("/proc/self/stat"), let end = text.lastIndex(of: ")") else {
      return []
    }
    return text[text.index(after: end)...].split(separator: " ").map { Int($0) ?? 0 }
  }

  /// When the machine started, in seconds since 1970.
  private static var bootTime: Double? {
    let line = FileBytes.text("/proc/stat")?.split(separator: "\n").first {
      $0.hasPrefix("btime ")
    }
    return line.flatMap { Double($0.dropFirst("btime ".count)) }
  }

  private static let cpu = MetricFamily(
    "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.")
  private static let maxFiles = MetricFamily(
    "process_max_fds", .gauge, "Maximum number of open file descriptors.")
  private static let openFiles = MetricFamily(
    "process_open_fds", .gauge, "Number of open file descriptors.")
  private static let residentMemory = MetricFamily(
    "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
  private static let startTime = MetricFamily(
    "process_start_time_seconds", .gauge,
    "Start time of the process since unix epoch in seconds.")
  private static let virtualMemory = MetricFamily(
    "process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.")
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? {
    indices.contains(index) ? self[index] : nil
  }
}

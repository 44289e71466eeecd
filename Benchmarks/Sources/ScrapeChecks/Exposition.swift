/// A page of metrics that was found valid, by rules stricter than the formats'.
///
/// Each family has one HELP and one TYPE line before its samples, and stands in one piece; only
/// counters, gauges and OpenMetrics' infos are known; no series appears twice; no sample has a timestamp; the page ends
/// with a line end, in OpenMetrics with `# EOF`.
package struct Exposition {
  package enum Format: Sendable {
    /// Prometheus' text format 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics
  }

  package enum Kind: String, Sendable {
    case counter
    case gauge
    /// Always 1: what it says is in its labels.
    case info
  }

  /// One line `name{labels} value`.
  package struct Sample: Sendable {
    /// Where the name and the label set stand in the page.
    let series: Range<Int>
    /// What tells the series from all others of this page, and the same series of another page of
    /// this process.
    package let identity: Int
    package let kind: Kind
    package let value: Double
  }

  package let samples: [Sample]
  private let bytes: [UInt8]
  /// The samples of each name.
  private let ranges: [String: Range<Int>]

  /// Reads a page.
  ///
  /// - Throws: `ExpositionError` for the first thing that is wrong with it.
  package init(parsing bytes: [UInt8], format: Format) throws(ExpositionError) {
    var parser = ExpositionParser(bytes, format: format)
    samples = try parser.parse()
    ranges = parser.ranges
    self.bytes = bytes
  }

  /// The samples of a metric.
  package func samples(of metric: String) -> ArraySlice<Sample> {
    ranges[metric].map { samples[$0] } ?? []
  }

  /// A sample's series as the page has it: the name, and the label set where there is one.
  package func series(_ sample: Sample) -> String {
    String(decoding: bytes[sample.series], as: UTF8.self)
  }

  /// The values of a metric's samples with certain labels, whose values need no escapes.
  package func values(of metric: String, where labels: [String: String] = [:]) -> [Double] {
    let wanted = labels.map { Array("\($0.key)=\"\($0.value)\"".utf8) }
    return samples(of: metric)
      .filter { sample in wanted.allSatisfy { hasLabel($0, in: bytes[sample.series]) } }
      .map(\.value)
  }

  private func hasLabel(_ label: [UInt8], in series: ArraySlice<UInt8>) -> Bool {
    series.indices.contains { index in
      (series[index] == UInt8(ascii: "{") || series[index] == UInt8(ascii: ","))
        && series[(index + 1)...].starts(with: label)
    }
  }
}

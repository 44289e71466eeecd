/// Writes families and their samples, in the order in which they come.
///
/// The bytes come out in segments, one for each family, so that whoever compresses them can tell what
/// is the same as the last time.
public struct ExpositionWriter: Sendable {
  private let format: ExpositionFormat
  private var segments: [[UInt8]] = []
  /// The sizes of the segments that were written last time, to reserve room.
  private let expectedSizes: [Int]

  /// - Parameter expectedSizes: how many bytes each segment will take, if known.
  public init(_ format: ExpositionFormat, expectedSizes: [Int] = []) {
    self.format = format
    self.expectedSizes = expectedSizes
  }

  /// Writes a family with the samples that `body` gives; without any, nothing is written.
  ///
  /// - Parameter isContinued: Whether these are further samples of a family whose others were written
  ///   just before, perhaps by another writer.
  public mutating func write(
    _ family: MetricFamily, isContinued: Bool = false, _ body: (inout SampleWriter) -> Void
  ) {
    var bytes: [UInt8] = []
    let index = segments.count
    bytes.reserveCapacity(index < expectedSizes.count ? expectedSizes[index] + 64 : 512)
    if !isContinued { appendMetadata(family, to: &bytes) }
    let start = bytes.count
    var samples = SampleWriter(name: family.name, bytes: bytes)
    bytes = []
    body(&samples)
    guard samples.bytes.count > start else { return }
    segments.append(samples.bytes)
  }

  private func appendMetadata(_ family: MetricFamily, to bytes: inout [UInt8]) {
    let name = family.metadataName(format).utf8
    bytes.append(contentsOf: "# HELP ".utf8)
    bytes.append(contentsOf: name)
    bytes.append(UInt8(ascii: " "))
    appendHelp(family.help, to: &bytes)
    bytes.append(contentsOf: "\n# TYPE ".utf8)
    bytes.append(contentsOf: name)
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: family.kind.rawValue.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// The segments written so far; their sizes are the next writer's `expectedSizes`.
  public consuming func finish() -> [[UInt8]] { segments }

  private func appendHelp(_ help: String, to bytes: inout [UInt8]) {
    for byte in help.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
      case UInt8(ascii: "\"") where format == .openMetrics: bytes.append(contentsOf: #"\""#.utf8)
      default: bytes.append(byte)
      }
    }
  }
}

internal import Platform

/// Writes families and their samples, in the order in which they are given.
///
/// Each family is a segment of its own, so that a compressor can recognise what did not change
/// since the last scrape.
public struct ExpositionWriter: Sendable {
  private let format: ExpositionFormat
  private var segments: [[UInt8]] = []
  /// The sizes of the segments that were written last time, for reserving room.
  private let expectedSizes: [Int]

  /// - Parameter expectedSizes: How many bytes each segment will take, if that is known.
  public init(_ format: ExpositionFormat, expectedSizes: [Int] = []) {
    self.format = format
    self.expectedSizes = expectedSizes
  }

  /// Writes a family with the samples that `body` writes; nothing if `body` writes none.
  ///
  /// - Parameter isContinued: Whether the family's first samples were written just before, perhaps
  ///   by another writer. Then its metadata is left out.
  public mutating func write(
    _ family: MetricFamily, isContinued: Bool = false, _ body: (inout SampleWriter) -> Void
  ) {
    var bytes: [UInt8] = []
    let index = segments.count
    let expectedSize = index < expectedSizes.count ? expectedSizes[index] : 512
    bytes.reserveCapacity(expectedSize + 64)
    if expectedSize > Self.hugeSize { Allocator.useHugePages(for: &bytes) }
    if !isContinued { appendMetadata(family, to: &bytes) }
    let start = bytes.count
    var samples = SampleWriter(family, format, bytes: bytes)
    bytes = []
    body(&samples)
    guard samples.bytes.count > start else { return }
    segments.append(samples.bytes)
  }

  /// The size of a segment that is worth huge pages.
  private static let hugeSize = 8 << 20

  private func appendMetadata(_ family: MetricFamily, to bytes: inout [UInt8]) {
    let name = family.metadataName(format).utf8
    bytes.append(contentsOf: "# HELP ".utf8)
    bytes.append(contentsOf: name)
    bytes.append(UInt8(ascii: " "))
    bytes.append(escaping: family.help, quotes: format == .openMetrics)
    bytes.append(contentsOf: "\n# TYPE ".utf8)
    bytes.append(contentsOf: name)
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: family.typeName(format).utf8)
    bytes.append(UInt8(ascii: "\n"))
    guard format == .openMetrics, let unit = family.unit else { return }
    bytes.append(contentsOf: "# UNIT ".utf8)
    bytes.append(contentsOf: name)
    bytes.append(UInt8(ascii: " "))
    bytes.append(contentsOf: unit.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// The segments written so far; their sizes are the next writer's `expectedSizes`.
  public consuming func finish() -> [[UInt8]] { segments }
}

/// Writes the samples of one family.
public struct SampleWriter: Sendable {
  fileprivate private(set) var bytes: [UInt8]
  private let name: SampleName
  /// The counter whose samples these are, in a format that says when counting began; else nil.
  private let counter: MetricFamily?
  /// The name of the samples that say when counting began, once one was written.
  private lazy var createdName = counter.map { SampleName($0.createdName) }
  /// The time that was written last, and how: many counters began at the same time.
  private var lastBeginning: (time: Double, text: [UInt8])?

  /// A name, without and with the opening brace behind it.
  private struct SampleName: Sendable {
    let bare: [UInt8]
    let opening: [UInt8]

    init(_ name: String) {
      bare = Array(name.utf8)
      opening = bare + [UInt8(ascii: "{")]
    }
  }

  fileprivate init(_ family: MetricFamily, _ format: ExpositionFormat, bytes: [UInt8]) {
    name = SampleName(family.name)
    counter = format == .openMetrics && family.kind == .counter ? family : nil
    self.bytes = bytes
  }

  /// Writes a sample with a whole number.
  ///
  /// - Parameter beginning: When the counter was last known to be 0, in seconds since 1970; nil where that isn't
  ///   known. OpenMetrics gets it as a sample `_created`. The text format has none.
  public mutating func sample(
    _ labels: LabelSet, and more: LabelSet = .none, _ value: some BinaryInteger,
    since beginning: Double? = nil
  ) {
    write(name, labels, more)
    append(value)
    bytes.append(UInt8(ascii: "\n"))
    if let beginning { writeCreated(labels, more, beginning) }
  }

  /// Writes a sample with any number.
  ///
  /// - Parameter beginning: As for a whole number.
  public mutating func sample(
    _ labels: LabelSet, and more: LabelSet = .none, _ value: Double, since beginning: Double? = nil
  ) {
    write(name, labels, more)
    bytes.append(contentsOf: Self.text(of: value).utf8)
    bytes.append(UInt8(ascii: "\n"))
    if let beginning { writeCreated(labels, more, beginning) }
  }

  private mutating func writeCreated(_ labels: LabelSet, _ more: LabelSet, _ beginning: Double) {
    guard let createdName else { return }
    if lastBeginning?.time != beginning {
      lastBeginning = (beginning, Array(Self.text(of: beginning).utf8))
    }
    write(createdName, labels, more)
    bytes.append(contentsOf: lastBeginning?.text ?? [])
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func write(_ name: SampleName, _ labels: LabelSet, _ more: LabelSet) {
    if labels.bytes.isEmpty && more.bytes.isEmpty {
      bytes.append(contentsOf: name.bare)
      bytes.append(UInt8(ascii: " "))
      return
    }
    bytes.append(contentsOf: name.opening)
    bytes.append(contentsOf: labels.bytes)
    if !more.bytes.isEmpty {
      if !labels.bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: more.bytes)
    }
    bytes.append(UInt8(ascii: "}"))
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func append(_ value: some BinaryInteger) {
    if let digit = UInt8(exactly: value), digit < 10 {
      bytes.append(UInt8(ascii: "0") + digit)
    } else {
      bytes.append(contentsOf: String(value).utf8)
    }
  }

  private static func text(of value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return "\(value)"
  }
}

/// The name, type and meaning of a metric.
public struct MetricFamily: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable {
    case counter
    case gauge
    /// Labels that say something, with the value 1: a type of OpenMetrics, a gauge in the text format.
    case info
  }

  /// The name of the samples. A counter's ends in `_total`, that of an info in `_info`. In OpenMetrics
  /// a family has a unit if its name, without such an ending, ends in one.
  public let name: String
  public let kind: Kind
  /// An explanation for people, which may be any text.
  public let help: String

  public init(_ name: String, _ kind: Kind, _ help: String) {
    precondition(kind != .counter || name.hasSuffix(Self.total), "a counter ends in _total")
    precondition(kind != .info || name.hasSuffix(Self.info), "an info ends in _info")
    self.name = name
    self.kind = kind
    self.help = help
  }

  /// The name in the metadata, where OpenMetrics leaves out the suffix of counters and infos.
  fileprivate func metadataName(_ format: ExpositionFormat) -> Substring {
    switch (format, kind) {
    case (.openMetrics, .counter): name.dropLast(Self.total.count)
    case (.openMetrics, .info): name.dropLast(Self.info.count)
    default: name[...]
    }
  }

  fileprivate func typeName(_ format: ExpositionFormat) -> String {
    format == .text && kind == .info ? Kind.gauge.rawValue : kind.rawValue
  }

  /// The unit that the name ends in; nil where it ends in none.
  fileprivate var unit: String? {
    let name = metadataName(.openMetrics)
    return Self.units.first { name.hasSuffix($0) && name.dropLast($0.count).hasSuffix("_") }
  }

  /// The name of a counter's samples that say when counting began.
  fileprivate var createdName: String { metadataName(.openMetrics) + "_created" }

  private static let total = "_total"
  private static let info = "_info"
  private static let units = ["seconds", "bytes"]
}

/// The labels of a sample, rendered once. A service port uses them in a dozen families.
public struct LabelSet: Sendable, Hashable {
  /// `name="value",…`, without braces.
  fileprivate let bytes: [UInt8]

  /// Renders names and values, in the order given. Values may hold anything; names must be valid.
  public init(_ pairs: KeyValuePairs<String, String>) {
    var bytes: [UInt8] = []
    // Thousands of label sets are kept for long. An array that grows would keep room for more.
    bytes.reserveCapacity(pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 4 })
    for (name, value) in pairs {
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "=\"".utf8)
      bytes.append(escaping: value, quotes: true)
      bytes.append(UInt8(ascii: "\""))
    }
    self.bytes = bytes
  }

  /// No labels.
  public static let none = LabelSet([:])

  /// All bytes at once: an array of bytes feeds them to the hasher one by one.
  public func hash(into hasher: inout Hasher) {
    unsafe bytes.withUnsafeBytes { bytes in unsafe hasher.combine(bytes: bytes) }
  }
}

extension [UInt8] {
  /// Appends text with backslashes and ends of lines escaped, and quotes if asked for.
  fileprivate mutating func append(escaping text: String, quotes: Bool) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append(contentsOf: #"\\"#.utf8)
      case UInt8(ascii: "\n"): append(contentsOf: #"\n"#.utf8)
      case UInt8(ascii: "\"") where quotes: append(contentsOf: #"\""#.utf8)
      default: append(byte)
      }
    }
  }
}

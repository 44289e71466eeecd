/// Reads a page line by line; `Exposition` says what it insists on.
struct ExpositionParser {
  private let bytes: [UInt8]
  private let format: Exposition.Format
  private var line = 0
  private var isEnded = false
  private var family = Family(name: "")
  private var families: Set<String> = []
  private var identities: Set<Int> = []
  private var samples: [Exposition.Sample] = []
  /// The samples of each family, by the name that the samples have.
  private(set) var ranges: [String: Range<Int>] = [:]

  /// What is known of the family whose lines are being read.
  private struct Family {
    let name: String
    var hasHelp = false
    var kind: Exposition.Kind?
    var sampleName: [UInt8] = []
    var firstSample = 0
  }

  init(_ bytes: [UInt8], format: Exposition.Format) {
    self.bytes = bytes
    self.format = format
  }

  /// - Throws: `ExpositionError` for the first line that is wrong.
  mutating func parse() throws(ExpositionError) -> [Exposition.Sample] {
    var start = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      line += 1
      try check(!isEnded, "there is more after # EOF", start..<end)
      try parseLine(start..<end)
      start = end + 1
    }
    line += 1
    try check(start == bytes.count, "the last line has no end", start..<bytes.count)
    try check(isEnded == (format == .openMetrics), "the page's end is wrong", start..<start)
    try check(String(validating: bytes, as: UTF8.self) != nil, "not UTF-8", start..<start)
    endFamily()
    return samples
  }

  private mutating func parseLine(_ range: Range<Int>) throws(ExpositionError) {
    if bytes[range].first == UInt8(ascii: "#") {
      try parseMetadata(range)
    } else {
      try parseSample(range)
    }
  }

  private mutating func parseMetadata(_ range: Range<Int>) throws(ExpositionError) {
    let words = String(decoding: bytes[range], as: UTF8.self)
      .split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    if format == .openMetrics, words == ["#", "EOF"] {
      isEnded = true
      return
    }
    try check(words.count == 4, "no metadata", range)
    let name = String(words[2])
    if name != family.name {
      endFamily()
      try check(families.insert(name).inserted, "the family is not in one piece", range)
      family = Family(name: name, firstSample: samples.count)
    }
    try check(samples.count == family.firstSample, "metadata after samples", range)
    switch words[1] {
    case "HELP":
      try check(!family.hasHelp, "a second HELP", range)
      family.hasHelp = true
    case "TYPE":
      try check(family.kind == nil, "a second TYPE", range)
      family.kind = Exposition.Kind(rawValue: String(words[3]))
      try check(family.kind != .info || format == .openMetrics, "a type of OpenMetrics", range)
      family.sampleName = Array((name + suffix(of: family.kind)).utf8)
    case "UNIT" where format == .openMetrics:
      try check(name.hasSuffix("_" + words[3]), "the name does not end in the unit", range)
    default:
      try check(false, "no metadata", range)
    }
  }

  /// What OpenMetrics puts behind a family's name to name its samples.
  private func suffix(of kind: Exposition.Kind?) -> String {
    switch (format, kind) {
    case (.openMetrics, .counter): "_total"
    case (.openMetrics, .info): "_info"
    default: ""
    }
  }

  private mutating func parseSample(_ range: Range<Int>) throws(ExpositionError) {
    guard let kind = family.kind, family.hasHelp else {
      throw error("a sample before its metadata", range)
    }
    var scanner = SampleScanner(bytes[range])
    try check(scanner.skip(family.sampleName), "a sample of another family", range)
    try check(scanner.skipLabels(), "the label set is not well-formed", range)
    let series = range.lowerBound..<scanner.position
    try check(scanner.skip([UInt8(ascii: " ")]), "no value", range)
    guard let value = scanner.number() else { throw error("the value is no number", range) }
    try check(kind != .counter || value >= 0, "a counter below 0", range)
    try check(kind != .info || value == 1, "an info that is not 1", range)
    var hasher = Hasher()
    unsafe bytes[series].withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    let identity = hasher.finalize()
    try check(identities.insert(identity).inserted, "the series was there before", range)
    samples.append(
      Exposition.Sample(series: series, identity: identity, kind: kind, value: value))
  }

  private mutating func endFamily() {
    guard samples.count > family.firstSample else { return }
    let name = String(decoding: family.sampleName, as: UTF8.self)
    ranges[name] = family.firstSample..<samples.count
  }

  private func check(
    _ holds: Bool, _ reason: String, _ range: Range<Int>
  ) throws(ExpositionError) {
    if !holds { throw error(reason, range) }
  }

  private func error(_ reason: String, _ range: Range<Int>) -> ExpositionError {
    ExpositionError(
      line: line, text: String(decoding: bytes[range].prefix(200), as: UTF8.self), reason: reason)
  }
}

import Exposition

/// An exposition, taken apart and checked by the rules of its format.
struct Scrape {
  typealias Labels = [String: String]

  struct Series: Hashable, CustomStringConvertible {
    let name: String
    let labels: Labels

    var description: String {
      let labels = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }
      return "\(name){\(labels.joined(separator: ","))}"
    }
  }

  /// A fault of an exposition, with the line that has it.
  struct Fault: Error, CustomStringConvertible {
    let words: String
    let line: String

    var description: String { "\(words): \(line)" }
  }

  /// The series in the order of the exposition.
  private(set) var series: [Series] = []
  private(set) var values: [Series: Double] = [:]
  /// By family name as in the metadata, the type.
  private(set) var types: [String: String] = [:]
  private let format: ExpositionFormat
  /// The family whose samples come now.
  private var family: (name: String, type: String)?

  /// Parses a whole exposition.
  ///
  /// - Throws: ``Fault`` where it is not valid: metadata missing, repeated or after samples, a
  ///   series twice, a name or an escape that isn't one, no end mark, text that is not UTF-8.
  init(parsing bytes: [UInt8], _ format: ExpositionFormat = .text) throws {
    self.format = format
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Fault(words: "not UTF-8", line: "")
    }
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.popLast()?.isEmpty == true else {
      throw Fault(words: "no line feed at the end", line: "")
    }
    if format == .openMetrics, lines.popLast().map({ $0.elementsEqual("# EOF".utf8) }) != true {
      throw Fault(words: "no end mark", line: "")
    }
    var help: String?
    for line in lines {
      let line = String(Substring(line))
      if line.hasPrefix("# HELP ") {
        help = try takeHelp(line)
      } else if line.hasPrefix("# TYPE ") {
        try takeType(line, help: help)
      } else if line.hasPrefix("# UNIT ") {
        try takeUnit(line)
      } else {
        try takeSample(line)
      }
    }
  }

  /// The value of one series; nil where it isn't there.
  subscript(_ name: String, _ labels: Labels = [:]) -> Double? {
    values[Series(name: name, labels: labels)]
  }

  /// All series of a name, by their labels.
  func all(_ name: String) -> [Labels: Double] {
    Dictionary(
      uniqueKeysWithValues: series.filter { $0.name == name }.map {
        ($0.labels, values[$0] ?? .nan)
      })
  }

  /// The sum of the series that have these labels among theirs.
  func sum(_ name: String, where labels: Labels = [:]) -> Double {
    all(name).reduce(0) { sum, series in
      labels.allSatisfy { series.key[$0.key] == $0.value } ? sum + series.value : sum
    }
  }

  // MARK: Parsing

  private func takeHelp(_ line: String) throws -> String {
    let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard words.count == 4 else { throw Fault(words: "no help", line: line) }
    return String(words[2])
  }

  private mutating func takeType(_ line: String, help: String?) throws {
    let words = line.split(separator: " ")
    let known = format == .text ? ["counter", "gauge"] : ["counter", "gauge", "info"]
    guard words.count == 4, known.contains(String(words[3])) else {
      throw Fault(words: "no type", line: line)
    }
    let name = String(words[2])
    guard help == name, types[name] == nil else {
      throw Fault(words: "metadata of another family, or twice", line: line)
    }
    types[name] = String(words[3])
    family = (name, String(words[3]))
  }

  /// Checks the line that names the unit of the family that comes now.
  private func takeUnit(_ line: String) throws {
    let words = line.split(separator: " ")
    guard format == .openMetrics, words.count == 4, let family, words[2] == family.name,
      family.name.hasSuffix("_\(words[3])")
    else { throw Fault(words: "no unit of this family", line: line) }
  }

  private mutating func takeSample(_ line: String) throws {
    var reader = SampleReader(line)
    guard let sample = reader.sample(), let family else {
      throw Fault(words: "no sample", line: line)
    }
    let suffix =
      switch (format, family.type) {
      case (.openMetrics, "counter"): "_total"
      case (.openMetrics, "info"): "_info"
      default: ""
      }
    let isCreated =
      suffix == "_total" && sample.series.name == family.name + "_created"
      && series.last == Series(name: family.name + suffix, labels: sample.series.labels)
    guard sample.series.name == family.name + suffix || isCreated else {
      throw Fault(words: "a sample of another family", line: line)
    }
    let isNamed = isCreated || sample.series.name.hasSuffix("_total")
    if family.type == "counter", !isNamed || sample.value < 0 {
      throw Fault(words: "not a counter", line: line)
    }
    guard values.updateValue(sample.value, forKey: sample.series) == nil else {
      throw Fault(words: "a series twice", line: line)
    }
    series.append(sample.series)
  }
}

import Exposition

/// Reads an exposition, and ends the program where it isn't one: a judge that shares no code with the
/// writer.
enum ExpositionReader {
  struct Sample {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  /// The samples, in their order.
  static func samples(of bytes: [UInt8], _ format: ExpositionFormat) -> [Sample] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      fatalError("an exposition is UTF-8")
    }
    require(text.isEmpty || text.utf8.last == 0x0a, "the last line ends")
    var lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast()
    if format == .openMetrics {
      require(lines.popLast().map { Array($0) } == Array("# EOF".utf8), "OpenMetrics ends in EOF")
    }
    var samples: [Sample] = []
    var seen: Set<String> = []
    var family: Substring?
    for line in lines {
      let line = Substring(line)
      if line.utf8.first == UInt8(ascii: "#") {
        family = metadata(line, format) ?? family
        continue
      }
      let (sample, series) = sample(line)
      require(family.map { sample.name.hasPrefix($0) } ?? false, "\(line) is of its family")
      require(seen.insert(series).inserted, "\(series) stands here once")
      samples.append(sample)
    }
    return samples
  }

  /// The name of the family that a line begins to describe.
  private static func metadata(_ line: Substring, _ format: ExpositionFormat) -> Substring? {
    let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    let isOpenMetrics = format == .openMetrics
    require(words.count >= 3, "\(line) is metadata")
    switch words[1] {
    case "HELP": break
    case "TYPE":
      let types = isOpenMetrics ? ["counter", "gauge", "info"] : ["counter", "gauge"]
      require(words.count == 4 && types.contains(String(words[3])), "\(line) has a type")
    case "UNIT":
      let isUnit = words.count == 4 && words[2].hasSuffix("_\(words[3])")
      require(isOpenMetrics && isUnit, "\(line) has the unit that its family's name ends in")
    default: fatalError("\(line) is metadata")
    }
    return words[2]
  }

  private static func sample(_ line: Substring) -> (Sample, series: String) {
    var cursor = Cursor(line)
    let name = cursor.name()
    var labels: [String: String] = [:]
    if cursor.take("{") {
      repeat {
        let label = cursor.name()
        require(cursor.take("=") && cursor.take("\""), "\(line) has a label's value")
        require(labels.updateValue(cursor.quoted(), forKey: label) == nil, "\(label) stands once")
      } while cursor.take(",")
      require(cursor.take("}"), "\(line) has its brace")
    }
    let series = String(line.dropLast(cursor.rest.count))
    require(cursor.take(" "), "\(line) has a blank before its value")
    guard let value = Double(String(Substring(cursor.rest))) else {
      fatalError("\(line) ends in a number")
    }
    return (Sample(name: name, labels: labels, value: value), series)
  }

  private struct Cursor {
    var rest: Substring.UTF8View

    init(_ line: Substring) { rest = line.utf8 }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard rest.first == UInt8(ascii: character) else { return false }
      rest = rest.dropFirst()
      return true
    }

    mutating func name() -> String {
      let name = Substring(rest.prefix { $0 != 0x20 && $0 != 0x7b && $0 != 0x3d })
      require(
        !name.isEmpty && name.utf8.allSatisfy { $0 == 0x5f || Self.isLetterOrDigit($0) },
        "\(name) is a name")
      rest = rest.dropFirst(name.utf8.count)
      return String(name)
    }

    mutating func quoted() -> String {
      var bytes: [UInt8] = []
      while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
        case UInt8(ascii: "\\"):
          switch rest.popFirst() {
          case UInt8(ascii: "n"): bytes.append(0x0a)
          case UInt8(ascii: "\\"): bytes.append(byte)
          case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
          case let other: fatalError("a backslash before \(String(describing: other))")
          }
        default: bytes.append(byte)
        }
      }
      fatalError("a quote is closed")
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
      default: false
      }
    }
  }
}

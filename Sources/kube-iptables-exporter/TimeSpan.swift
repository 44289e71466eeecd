internal import ArgumentParser

/// A time as a flag's value: `500ms`, `30s`, `5m`, `1h`, `1m30s`; a number alone is seconds.
struct TimeSpan {
  let duration: Duration

  /// - Parameters:
  ///   - text: the flag's value.
  ///   - longest: the longest time that makes sense, and how people write it.
  init(
    _ text: String,
    atMost longest: (duration: Duration, words: String) = (.seconds(31_536_000), "8760h")
  ) throws(ValidationError) {
    var seconds = 0.0
    var rest = text[...]
    repeat {
      let digits = rest.prefix { $0 == "." || $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      // A number without a unit stands alone.
      let isAlone = digits.count == text.count
      guard let number = Double(digits), let length = isAlone ? 1 : Self.units[String(unit)] else {
        throw ValidationError("it must be a time such as 500ms, 30s, 5m, 1h or 1m30s")
      }
      seconds += number * length
    } while !rest.isEmpty
    guard seconds <= longest.duration / .seconds(1) else {
      throw ValidationError("it must be at most \(longest.words)")
    }
    duration = .seconds(seconds)
  }

  private static let units = ["ms": 0.001, "s": 1, "m": 60, "h": 3600]
}

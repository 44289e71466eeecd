internal import Glibc

/// What the benchmark prints, and which limits were missed.
struct Report {
  private(set) var missedLimits: [String] = []

  /// Prints a heading and what follows it is about.
  func heading(_ title: String) {
    print("\n\(title)")
  }

  /// Prints what stands in the columns of the lines below.
  func columns(_ names: String...) {
    print(
      names.reduce("  " + String(repeating: " ", count: 52)) { text, name in
        text + name.padded(to: 12, leading: true)
      })
  }

  /// Prints one measured value, and compares it with its limit where it has one.
  ///
  /// A value that is not a number, for want of measurements, misses any limit.
  mutating func line(
    _ label: String, _ columns: [String] = [], value: Double, unit: String = "",
    limit: Double? = nil
  ) {
    var text = "  " + label.padded(to: 52)
    for column in columns {
      text += column.padded(to: 12, leading: true)
    }
    text += (value.rounded(toPlaces: 2) + unit).padded(to: 12, leading: true)
    if let limit {
      let holds = value <= limit
      text += "   limit \(limit.rounded(toPlaces: 2))\(unit)" + (holds ? "" : "   MISSED")
      if !holds {
        missedLimits.append(label)
      }
    }
    print(text)
    fflush(nil)
  }
}

extension String {
  func padded(to width: Int, leading: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(0, width - count))
    return leading ? padding + self : self + padding
  }
}

extension Double {
  /// The number in decimal notation with exactly `places` digits after the point.
  func rounded(toPlaces places: Int) -> String {
    guard isFinite else { return "-" }
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    let digits = String(Int((magnitude * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return (self < 0 ? "-" : "") + padded.dropLast(places) + (places > 0 ? "." : "")
      + padded.suffix(places)
  }
}

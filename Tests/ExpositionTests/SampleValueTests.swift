import Exposition
import Testing

@Suite("What a number is written as")
struct SampleValueTests {
  static let wholeNumbers: [(value: UInt64, text: String)] = [
    (0, "0"), (9, "9"), (10, "10"), (255, "255"), (256, "256"),
    (9_007_199_254_740_993, "9007199254740993"),
    (.max, "18446744073709551615"),
  ]

  @Test("Whole numbers keep all their digits", arguments: wholeNumbers)
  func wholeNumber(_ value: UInt64, _ text: String) {
    #expect(Self.written { $0.sample(.none, value) } == text)
  }

  @Test("Negative numbers have their sign", arguments: [(-1, "-1"), (Int.min, "\(Int.min)")])
  func negativeNumber(_ value: Int, _ text: String) {
    #expect(Self.written { $0.sample(.none, value) } == text)
  }

  static let fractions: [(value: Double, text: String)] = [
    (0, "0.0"), (0.25, "0.25"), (-1.5, "-1.5"), (1_763_811_441.125, "1763811441.125"),
    (1e21, "1e+21"), (.leastNonzeroMagnitude, "5e-324"),
    (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
  ]

  @Test("Fractions are the shortest text that is the same number", arguments: fractions)
  func fraction(_ value: Double, _ text: String) {
    let written = Self.written { $0.sample(.none, value) }
    #expect(written == text)
    #expect(written.flatMap { Double($0) } == value)
  }

  static let special: [(value: Double, text: String)] = [
    (.nan, "NaN"), (-.nan, "NaN"), (.signalingNaN, "NaN"), (.infinity, "+Inf"),
    (-.infinity, "-Inf"),
  ]

  @Test("What is no number is written as Prometheus reads it", arguments: special)
  func notANumber(_ value: Double, _ text: String) {
    #expect(Self.written { $0.sample(.none, value) } == text)
  }

  /// The value of the sample that `body` writes.
  private static func written(_ body: (inout SampleWriter) -> Void) -> String? {
    var writer = ExpositionWriter(.text)
    writer.write(MetricFamily("ducks", .gauge, "Ducks."), body)
    let text = String(decoding: writer.finish().joined(), as: UTF8.self)
    return text.split(separator: "\n").last.map { String($0.dropFirst("ducks ".count)) }
  }
}

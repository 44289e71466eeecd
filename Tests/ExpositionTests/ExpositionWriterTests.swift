import Exposition
import Testing

@Suite("What a family is written as")
struct ExpositionWriterTests {
  private static let gauge = MetricFamily("ducks", .gauge, "Ducks.")
  private static let counter = MetricFamily("quacks_total", .counter, "Quacks.")

  @Test("The text format names a counter as its samples")
  func textFormat() {
    #expect(
      Self.pond(.text) == """
        # HELP ducks Ducks.
        # TYPE ducks gauge
        ducks{pond="north"} 3
        ducks 4
        # HELP quacks_total Quacks.
        # TYPE quacks_total counter
        quacks_total 12

        """)
  }

  @Test("OpenMetrics leaves the suffix to a counter's samples, and ends with its mark")
  func openMetrics() {
    #expect(
      Self.pond(.openMetrics) == """
        # HELP ducks Ducks.
        # TYPE ducks gauge
        ducks{pond="north"} 3
        ducks 4
        # HELP quacks Quacks.
        # TYPE quacks counter
        quacks_total 12
        # EOF

        """)
  }

  @Test("An info is a gauge in the text format, and of its own type in OpenMetrics")
  func info() {
    let family = MetricFamily("pond_info", .info, "Ponds.")
    let text = Self.written(.text, family) { $0.sample(LabelSet(["pond": "north"]), 1) }
    #expect(
      text == """
        # HELP pond_info Ponds.
        # TYPE pond_info gauge
        pond_info{pond="north"} 1

        """)
    let openMetrics = Self.written(.openMetrics, family) {
      $0.sample(LabelSet(["pond": "north"]), 1)
    }
    #expect(
      openMetrics == """
        # HELP pond Ponds.
        # TYPE pond info
        pond_info{pond="north"} 1

        """)
  }

  @Test(
    "OpenMetrics names the unit that a name ends in",
    arguments: [
      (MetricFamily("age_seconds", .gauge, ""), "# UNIT age_seconds seconds\n"),
      (MetricFamily("eaten_bytes_total", .counter, ""), "# UNIT eaten_bytes bytes\n"),
      (MetricFamily("ducks", .gauge, ""), nil),
      (MetricFamily("kilobytes", .gauge, ""), nil),
      (MetricFamily("seconds_since", .gauge, ""), nil),
    ])
  func unit(_ family: MetricFamily, _ line: String?) {
    let openMetrics = Self.written(.openMetrics, family) { $0.sample(.none, 1) }
    #expect(openMetrics.contains("# UNIT ") == (line != nil))
    if let line { #expect(openMetrics.contains(line)) }
    #expect(!Self.written(.text, family) { $0.sample(.none, 1) }.contains("# UNIT "))
  }

  @Test("OpenMetrics says of each counter when it began, where that is known")
  func created() {
    func write(_ samples: inout SampleWriter) {
      samples.sample(LabelSet(["pond": "north"]), 3, since: 1_800_000_000.25)
      samples.sample(LabelSet(["pond": "south"]), 4)
      samples.sample(.none, 5.5, since: 1_700_000_000)
    }
    #expect(
      Self.written(.openMetrics, Self.counter, write).hasSuffix(
        """
        quacks_total{pond="north"} 3
        quacks_created{pond="north"} 1800000000.25
        quacks_total{pond="south"} 4
        quacks_total 5.5
        quacks_created 1700000000.0

        """))
    #expect(!Self.written(.text, Self.counter, write).contains("_created"))
    #expect(!Self.written(.openMetrics, Self.gauge, write).contains("_created"))
  }

  @Test("A family without samples is not written", arguments: ExpositionFormat.allCases)
  func emptyFamily(_ format: ExpositionFormat) {
    var writer = ExpositionWriter(format)
    writer.write(Self.gauge) { _ in }
    #expect(writer.finish().isEmpty)
  }

  @Test(
    "Each family is a segment, whatever sizes were expected", arguments: [[], [1], [9999, 2, 3]])
  func segments(_ expectedSizes: [Int]) {
    var writer = ExpositionWriter(.text, expectedSizes: expectedSizes)
    writer.write(Self.gauge) { $0.sample(.none, 1) }
    writer.write(Self.counter) { $0.sample(.none, 2) }
    let segments = writer.finish().map { String(decoding: $0, as: UTF8.self) }
    #expect(segments.count == 2)
    #expect(segments.allSatisfy { $0.hasPrefix("# HELP ") && $0.hasSuffix("\n") })
  }

  @Test("Labels that are kept and labels that are added stand one after the other")
  func twoLabelSets() {
    let north = LabelSet(["pond": "north", "side": "left"])
    let colour = LabelSet(["colour": "white"])
    let text = Self.written(.text, Self.gauge) { samples in
      samples.sample(north, and: colour, 1)
      samples.sample(.none, and: colour, 2)
    }
    #expect(
      text.hasSuffix(
        """
        ducks{pond="north",side="left",colour="white"} 1
        ducks{colour="white"} 2

        """))
  }

  static let values: [(value: String, written: String)] = [
    ("", ""),
    ("plain", "plain"),
    (#"a "quoted" word"#, #"a \"quoted\" word"#),
    (#"back\slash"#, #"back\\slash"#),
    (#"\n"#, #"\\n"#),
    ("two\nlines", #"two\nlines"#),
    ("\"\\\n", #"\"\\\n"#),
    ("tab\tand\rreturn", "tab\tand\rreturn"),
    (#"{},="#, #"{},="#),
    ("größe 🦆", "größe 🦆"),
  ]

  @Test("Label values are escaped", arguments: values)
  func labelValue(_ value: String, _ written: String) {
    for format in ExpositionFormat.allCases {
      let text = Self.written(format, Self.gauge) { $0.sample(LabelSet(["pond": value]), 1) }
      #expect(text.hasSuffix("\nducks{pond=\"\(written)\"} 1\n"))
    }
  }

  static let helps: [(help: String, text: String, openMetrics: String)] = [
    ("Plain.", "Plain.", "Plain."),
    ("Two\nlines.", #"Two\nlines."#, #"Two\nlines."#),
    (#"back\slash"#, #"back\\slash"#, #"back\\slash"#),
    (#"a "word""#, #"a "word""#, #"a \"word\""#),
  ]

  @Test("Help is escaped as each format wants it", arguments: helps)
  func help(_ help: String, _ text: String, _ openMetrics: String) {
    let family = MetricFamily("ducks", .gauge, help)
    for (format, expected) in [(ExpositionFormat.text, text), (.openMetrics, openMetrics)] {
      let written = Self.written(format, family) { $0.sample(.none, 1) }
      #expect(written.hasPrefix("# HELP ducks \(expected)\n# TYPE "))
    }
  }

  private static func pond(_ format: ExpositionFormat) -> String {
    var writer = ExpositionWriter(format)
    writer.write(gauge) { samples in
      samples.sample(LabelSet(["pond": "north"]), 3)
      samples.sample(.none, 4)
    }
    writer.write(counter) { $0.sample(.none, 12) }
    return String(decoding: writer.finish().joined(), as: UTF8.self)
      + String(decoding: format.trailer, as: UTF8.self)
  }

  private static func written(
    _ format: ExpositionFormat, _ family: MetricFamily, _ body: (inout SampleWriter) -> Void
  ) -> String {
    var writer = ExpositionWriter(format)
    writer.write(family, body)
    return String(decoding: writer.finish().joined(), as: UTF8.self)
  }
}

@testable import Exposition

/// Labels' values, with a zero byte behind each: any bytes, as comments and names may hold them.
enum ExpositionDomain {
  static func check(_ bytes: [UInt8]) {
    let values = bytes.split(separator: 0, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    for format in ExpositionFormat.allCases {
      let family = MetricFamily("answers_total", .counter, values.first ?? "")
      var writer = ExpositionWriter(format)
      writer.write(family) { samples in
        for (index, value) in values.enumerated() {
          samples.sample(
            LabelSet(["value": value]), and: LabelSet(["index": "\(index)"]), index,
            since: Double(index / 2))
        }
      }
      let text = Array((writer.finish() + [format.trailer]).joined())
      let all = ExpositionReader.samples(of: text, format)
      let read = all.filter { $0.name == "answers_total" }
      let created = all.filter { $0.name == "answers_created" }
      require(read.count + created.count == all.count, "there are no other samples")
      let expected = format == .text ? [] : values.indices.map { Double($0 / 2) }
      require(created.map(\.value) == expected, "OpenMetrics says when counting began")
      require(created.isEmpty || created.map(\.labels) == read.map(\.labels), "of each counter")
      require(read.map { $0.labels["value"] ?? "" } == values, "values come out as they went in")
      require(read.map(\.value) == values.indices.map { Double($0) }, "and so do numbers")
    }
  }
}

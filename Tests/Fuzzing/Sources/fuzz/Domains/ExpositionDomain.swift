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
          samples.sample(LabelSet(["value": value]), and: LabelSet(["index": "\(index)"]), index)
        }
      }
      let text = Array((writer.finish() + [format.trailer]).joined())
      let read = ExpositionReader.samples(of: text, format)
      require(read.map { $0.labels["value"] ?? "" } == values, "values come out as they went in")
      require(read.map(\.value) == values.indices.map { Double($0) }, "and so do numbers")
    }
  }
}

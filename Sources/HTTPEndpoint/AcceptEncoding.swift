/// Whether a client takes a gzip body, by its `Accept-Encoding` header field.
///
/// The field lists codings with weights, as in `gzip;q=0.8, identity;q=0.5, *;q=0`. Gzip is taken
/// when its weight, or that of `*` where gzip is not named, is above zero and not below the weight
/// of `identity`. A weight that cannot be read counts as zero; without a field there is no
/// compression.
struct AcceptEncoding {
  let allowsGzip: Bool

  init(_ field: String?) {
    var weights: [String: Double] = [:]
    for element in (field ?? "").split(separator: ",") {
      let parts = element.split(separator: ";").map { Self.trimmed($0).lowercased() }
      guard let coding = parts.first, !coding.isEmpty else { continue }
      weights[coding] = Self.weight(of: parts.dropFirst())
    }
    let gzip = weights["gzip"] ?? weights["x-gzip"] ?? weights["*"] ?? 0
    allowsGzip = gzip > 0 && gzip >= weights["identity"] ?? 0
  }

  private static func weight(of parameters: ArraySlice<String>) -> Double {
    for parameter in parameters where parameter.hasPrefix("q=") {
      guard let weight = Double(parameter.dropFirst(2)), (0...1).contains(weight) else { return 0 }
      return weight
    }
    return 1
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop { $0 == " " || $0 == "\t" }
    let length = start.lastIndex { $0 != " " && $0 != "\t" }
    return length.map { start[...$0] } ?? ""
  }
}

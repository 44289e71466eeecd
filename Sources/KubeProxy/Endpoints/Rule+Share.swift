public import Netfilter

extension Rule {
  /// The share of connections that match the rule in the long run; nil where more than chance decides.
  public var share: Double? {
    var share: Double? = 1
    forEachElement { element, line, owner in
      switch element.kind {
      // A chain sees one protocol only: that of its service port.
      case .selector: if !line.isText("-p", element.name) { share = nil }
      case .match:
        if !line.isText("comment", owner), !line.isText("statistic", owner) { share = nil }
      case .option where line.isText("statistic", owner):
        guard let part = line.part(element) else { return }
        share = share.map { $0 * (element.isInverted ? 1 - part : part) }
      case .option, .target, .goto: break
      }
    }
    return share
  }
}

extension Span<UInt8> {
  /// The share that `--probability` or `--every` lets through; nil for other options.
  fileprivate func part(_ option: LineElement) -> Double? {
    let text = String(decoding: option.value.map { self[$0] }, as: UTF8.self)
    if isText("--every", option.name) { return UInt32(text).map { 1 / Double(Swift.max(1, $0)) } }
    guard isText("--probability", option.name), let probability = Double(text) else { return nil }
    // The kernel keeps 31 bits, of which the text has all.
    return Swift.min(1, (probability * 0x1p31).rounded() / 0x1p31)
  }
}

public import Netfilter

extension Rule {
  /// A rule with a comment of any bytes, as iptables-save prints it, between what stands before and
  /// behind it.
  public init(_ selectors: String = "", comment: some Sequence<UInt8>, _ rest: String) {
    var line: [UInt8] = Array(selectors.utf8)
    if !line.isEmpty, line.last != UInt8(ascii: " ") { line.append(UInt8(ascii: " ")) }
    line += Array(#"-m comment --comment ""#.utf8)
    for byte in comment {
      if #""\'"#.utf8.contains(byte) { line.append(UInt8(ascii: "\\")) }
      line.append(byte)
    }
    line += Array((rest.isEmpty ? "\"" : "\" \(rest)").utf8)
    self.init(line: line[...])
  }
}

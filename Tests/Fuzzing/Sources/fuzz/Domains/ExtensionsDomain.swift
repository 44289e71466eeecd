import Netfilter
import XTables

/// A match's or target's struct: a byte that chooses the family and which of both, one for the
/// revision, the name with its zero, and the struct.
enum ExtensionsDomain {
  static func check(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    let choice = input.byte()
    let revision = input.byte()
    let name = input.text()
    let info = Array(input.rest)
    var line = LineWriter(family: choice & 1 == 0 ? .ipv4 : .ipv6)
    line.option("-f")
    extensions.write(
      choice & 2 == 0 ? .match : .target, name.span, revision: revision, info: info.span, to: &line)
    require(line.line.starts(with: "-f -".utf8), "what stood in the line before stays")
    require(!line.hasFailed, "what has no words is counted")
    RuleProperties.check(Rule(line: line.line))
  }

  private static let extensions = XTables(sets: setName)

  /// The sets of an even index have names.
  @Sendable private static func setName(_ index: UInt16) -> [UInt8] {
    index % 2 == 0 ? [UInt8(truncatingIfNeeded: index >> 8) | 1, 65] : []
  }
}

@testable import IPTablesSource
import Netfilter

/// A match's or target's struct: a byte that chooses the family and which of both, one for the
/// revision, the name with its zero, and the struct.
enum ExtensionsDomain {
  static func check(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    let choice = input.byte()
    let family = choice & 1 == 0 ? IPFamily.ipv4 : .ipv6
    let revision = input.byte()
    let name = String(decoding: input.text(), as: UTF8.self)
    let named = namingSets(name, revision, Array(input.rest))
    withKernelBytes(of: input.rest) { payload in
      if choice & 2 == 0 {
        let match = MatchDecoder(family: family)
          .match(name, revision: revision, payload: payload)
        check(DecodedRule(matches: [match], target: .none), family)
        if let named { check(DecodedRule(matches: [.unrecognised(named)], target: .none), family) }
      } else {
        let target = TargetDecoder(family: family)
          .target(name, revision: revision, payload: payload)
        check(DecodedRule(target: target), family)
        if let named { check(DecodedRule(target: .unrecognised(named)), family) }
      }
    }
  }

  private static func check(_ rule: DecodedRule, _ family: IPFamily) {
    RuleProperties.check(Rule(line: rule.line(family)))
  }

  /// As it is kept where it refers to sets: those of an even index have names.
  private static func namingSets(
    _ name: String, _ revision: UInt8, _ info: [UInt8]
  ) -> Unrecognised? {
    SetReferences(name: name, revision: revision)?
      .payload(info) { $0 % 2 == 0 ? [UInt8(truncatingIfNeeded: $0 >> 8), 65] : [] }
      .map { Unrecognised(name: name, revision: revision, payload: $0) }
  }
}

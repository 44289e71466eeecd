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
    withKernelBytes(of: input.rest) { payload in
      if choice & 2 == 0 {
        let match = MatchDecoder(family: family)
          .match(name, revision: revision, payload: payload)
        RuleProperties.check(Rule(matches: [match], target: .none))
      } else {
        let target = TargetDecoder(family: family)
          .target(name, revision: revision, payload: payload)
        RuleProperties.check(Rule(target: target))
      }
    }
  }
}

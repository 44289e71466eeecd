@testable import IPTablesSource
import Netfilter
import XTables

/// A rule of nf_tables: a byte that chooses the family, two for the size of the user data, the user
/// data, and the list of expressions.
enum ExpressionsDomain {
  static func check(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    let family = input.byte() & 1 == 0 ? IPFamily.ipv4 : .ipv6
    let userData = input.bytes(input.number())
    withKernelBytes(of: userData) { userData in
      withKernelBytes(of: input.rest) { list in
        check(list, userData: userData.count == 0 ? nil : userData, family)
      }
    }
  }

  /// Writes the list as one of that family, and checks what comes out.
  static func check(_ list: KernelBytes, userData: KernelBytes?, _ family: IPFamily) {
    var writer = ExpressionWriter(family, xtables)
    let line = Array(writer.line(of: list, userData: userData))
    RuleProperties.check(Rule(line: line[...]))
    require(
      writer.line(of: list, userData: userData).elementsEqual(line), "equal bytes are equal rules")
    _ = ExpressionWriter.counter(of: list)
    let digest = ExpressionWriter.digest(of: list, userData: userData, hasher: hasher)
    withKernelBytes(of: list.array) { copy in
      let again = ExpressionWriter.digest(of: copy, userData: userData, hasher: hasher)
      require(again == digest, "equal bytes have equal digests")
    }
  }

  private static let xtables = XTables()
  private static let hasher = ContentHasher()
}

import IPTablesSource
import Netfilter
import TestSupport

/// The rules of all tables in this thread's network namespace, in three accounts.
struct SavedLines {
  /// By chain, what stands behind `-A CHAIN ` of each rule.
  typealias Lines = [String: [[UInt8]]]

  /// What the backend's iptables-save prints.
  let printed: Lines
  /// What the reader of the backend has.
  let ofKernel: Lines
  /// What the reader of saved files has of the print.
  let ofFile: Lines

  init(_ backend: Backend, _ family: IPFamily) throws {
    let source = backend.source(tables: Set(TableName.allCases), families: [family])
    let tables = try source.reading(family).tables
    let dumps = try tables.map { try backend.save($0.name, family) }
    printed = dumps.map { Self.lines(of: $0) }.reduce([:]) { $0.merging($1, uniquingKeysWith: +) }
    ofKernel = Self.lines(of: tables)
    ofFile = Self.lines(of: try dumps.flatMap { try SaveFileParser.parse($0).flatMap(\.tables) })
  }

  /// Shares nothing with the parser.
  private static func lines(of dump: [UInt8]) -> Lines {
    var lines: Lines = [:]
    for rule in dump.split(separator: UInt8(ascii: "\n")) where rule.starts(with: "-A ".utf8) {
      let words = rule.split(separator: UInt8(ascii: " "), maxSplits: 2)
      let line = words.count > 2 ? Array(words[2]) : []
      lines[String(decoding: words[1], as: UTF8.self), default: []].append(line)
    }
    return lines
  }

  static func lines(of tables: [TableSnapshot]) -> Lines {
    var lines: Lines = [:]
    for table in tables {
      for chain in table.content.chains where !chain.rules.isEmpty {
        lines["\(chain.name)", default: []] += chain.rules.map { Array($0.line) }
      }
    }
    return lines
  }
}

/// A rule that an account has another line of than the one that is expected.
struct LineDifference: CustomStringConvertible {
  let account: String
  let chain: String
  /// Nil where the account has a rule too many.
  let expected: String?
  /// Nil where the account lacks the rule.
  let found: String?

  /// All of them, sorted by the chain's name.
  static func all(
    _ account: String, _ found: SavedLines.Lines, from expected: SavedLines.Lines
  ) -> [LineDifference] {
    var differences: [LineDifference] = []
    for chain in Set(found.keys).union(expected.keys).sorted() {
      let (found, expected) = (found[chain] ?? [], expected[chain] ?? [])
      for index in 0..<max(found.count, expected.count) {
        let found = found.indices.contains(index) ? found[index] : nil
        let expected = expected.indices.contains(index) ? expected[index] : nil
        if found == expected { continue }
        differences.append(
          LineDifference(
            account: account, chain: chain,
            expected: expected.map { String(decoding: $0, as: UTF8.self) },
            found: found.map { String(decoding: $0, as: UTF8.self) }))
      }
    }
    return differences
  }

  var description: String {
    """
    \(account), \(chain):
      expected \(expected ?? "no rule")
      found    \(found ?? "no rule")
    """
  }
}

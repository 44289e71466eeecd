import IPTablesSource
import Netfilter
import TestSupport
import Testing

/// A dump as lines, to be edited as somebody would with `iptables`.
struct DumpText {
  private var lines: [String]

  init(_ fixture: Fixture) throws {
    lines = String(decoding: try fixture.bytes(), as: UTF8.self).split(separator: "\n").map(
      String.init)
  }

  func snapshot() throws -> FamilySnapshot {
    let text = Array((lines + [""]).joined(separator: "\n").utf8)
    return try #require(try SaveFileParser.parse(text).first)
  }

  // MARK: Finding

  private func range(_ table: String) -> Range<Int> {
    let start = lines.firstIndex(of: "*" + table) ?? lines.endIndex
    let end = lines[start...].firstIndex(of: "COMMIT") ?? lines.endIndex
    return start..<end
  }

  private func rules(_ table: String, _ texts: [String]) -> [Int] {
    range(table).filter { index in
      lines[index].hasPrefix("[") && texts.allSatisfy(lines[index].contains)
    }
  }

  // MARK: Editing

  /// `-A`: appends a rule to its chain.
  mutating func append(_ rule: String, _ table: String = "nat") {
    lines.insert("[0:0] " + rule, at: range(table).upperBound)
  }

  /// `-I`: puts a rule before all others of the table, so that it is the first of its chain.
  mutating func insert(_ rule: String, _ table: String = "nat") {
    let range = range(table)
    let first = range.first { lines[$0].hasPrefix("[") } ?? range.upperBound
    lines.insert("[0:0] " + rule, at: first)
  }

  /// `-N`: makes a chain.
  mutating func declare(_ chain: String, _ table: String = "nat") {
    lines.insert(":\(chain) - [0:0]", at: range(table).lowerBound + 1)
  }

  /// Makes a table, and a chain in it that isn't built in, unless they are there.
  mutating func ensure(_ chain: String?, _ table: String) {
    if range(table).isEmpty {
      let builtIn = (TableName(rawValue: table)?.builtInChains ?? []).map { ":\($0) ACCEPT [0:0]" }
      lines += ["*" + table] + builtIn + ["COMMIT"]
    }
    guard let chain, !lines[range(table)].contains(where: { $0.hasPrefix(":\(chain) ") }) else {
      return
    }
    declare(chain, table)
  }

  /// `-P`: changes a built-in chain's policy.
  mutating func setPolicy(_ chain: String, _ policy: String, _ table: String) {
    for index in range(table) where lines[index].hasPrefix(":\(chain) ") {
      lines[index] = ":\(chain) \(policy) [0:0]"
    }
  }

  /// `-X`: removes a chain's declaration.
  mutating func undeclare(_ chain: String, _ table: String) {
    for index in range(table) where lines[index].hasPrefix(":\(chain) ") {
      lines.remove(at: index)
      return
    }
  }

  /// Writes a line before all others.
  mutating func announce(_ line: String) { lines.insert(line, at: 0) }

  /// `-D`: removes the rules that hold all these texts.
  mutating func remove(_ texts: String..., table: String = "nat") {
    for index in rules(table, texts).reversed() { lines.remove(at: index) }
  }

  /// `-R`: changes the first rule that holds all these texts.
  mutating func replace(
    _ old: String, _ new: String, in texts: String..., table: String = "nat"
  ) {
    guard let index = rules(table, texts + [old]).first else { return }
    lines[index] = lines[index].replacing(old, with: new)
  }

  /// Writes a rule that holds all these texts once more, right behind it.
  mutating func double(_ texts: String..., table: String = "nat") {
    guard let index = rules(table, texts).first else { return }
    lines.insert(lines[index], at: index)
  }
}

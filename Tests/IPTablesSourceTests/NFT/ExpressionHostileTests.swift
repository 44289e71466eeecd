import Netfilter
import TestSupport
import Testing

@testable import IPTablesSource

@Suite("Bytes that are no rule")
struct ExpressionHostileTests {
  private let hasher = ContentHasher()

  @Test(
    "A rule may end anywhere", arguments: ExpressionCase.known + ExpressionCase.unknown)
  func truncated(_ example: ExpressionCase) {
    let list = example.expressions.list
    for count in list.indices { read(Array(list[..<count])) }
    #expect(ExpressionWriter.line(list, example.family) == example.line)
  }

  @Test("Each byte may be another", arguments: ExpressionCase.known + ExpressionCase.unknown)
  func changed(_ example: ExpressionCase) {
    let list = example.expressions.list
    for index in list.indices {
      for value in [0, 0xff, list[index] &+ 1, list[index] &- 4] as [UInt8] {
        var changed = list
        changed[index] = value
        read(changed)
      }
    }
  }

  @Test("Expressions of random attributes are read to their end", arguments: 0..<20)
  func random(_ seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<500 {
      let list = (0..<Int.random(in: 1...8, using: &generator)).flatMap { _ in
        ExpressionBytes(
          Self.names.randomElement(using: &generator) ?? "",
          Self.attributes(depth: 3, using: &generator)
        ).bytes
      }
      read(list)
    }
  }

  @Test("A long list of loads, and one of targets, is kept whole")
  func long() {
    let load = ExpressionBytes.payload(1, 12, 4)
    let loads = [ExpressionBytes](repeating: load, count: 500)
    let texts = loads.map { $0.unknownText(option: "-m") }
    #expect(ExpressionWriter.line(loads.list) == texts.joined(separator: " "))
    let verdicts = [ExpressionBytes](repeating: .verdict(1), count: 500)
    let former = verdicts.dropFirst().map { $0.unknownText(option: "-m") }
    #expect(
      ExpressionWriter.line(verdicts.list) == former.joined(separator: " ") + " -j ACCEPT")
  }

  private func read(_ list: [UInt8]) {
    for family in IPFamily.allCases {
      _ = ExpressionWriter.line(list, userData: list, family)
      _ = ExpressionWriter.counter(of: list)
      _ = ExpressionWriter.digest(of: list, userData: list, hasher: hasher)
    }
  }

  private static let names = [
    "bitwise", "cmp", "counter", "ct", "immediate", "limit", "log", "match", "meta", "payload",
    "range", "target",
  ]

  /// Attributes of small types, whose payload is a number, more attributes, or anything.
  private static func attributes(depth: Int, using generator: inout SplitMix64) -> [UInt8] {
    (0..<Int.random(in: 0...6, using: &generator)).flatMap { _ in
      let payload: [UInt8] =
        switch Int.random(in: 0...3, using: &generator) {
        case 0: [0, 0, 0, UInt8.random(in: 0...24, using: &generator)]
        case 1 where depth > 0: attributes(depth: depth - 1, using: &generator)
        case 2: [0, 0, 0, UInt8.random(in: 0...3, using: &generator)]
        default:
          (0..<Int.random(in: 0...20, using: &generator)).map { _ in
            UInt8.random(in: .min ... .max, using: &generator)
          }
        }
      return ExpressionBytes.attribute(UInt16.random(in: 0...7, using: &generator), payload)
    }
  }
}

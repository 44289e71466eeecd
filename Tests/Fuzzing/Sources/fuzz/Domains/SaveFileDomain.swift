import IPTablesSource
import Netfilter

/// A saved file: what is read of it is rendered, and read again.
enum SaveFileDomain {
  static func check(_ bytes: [UInt8]) {
    do throws(ReadingError) {
      check(try SaveFileParser.parse(bytes))
    } catch {
      require(error.description.utf8.count < 2000, "an error is short")
      check(DumpText.mended(bytes))
    }
  }

  private static func check(_ families: [FamilySnapshot]) {
    for family in families {
      for table in family.tables { check(table, family.backend) }
    }
  }

  private static func check(_ table: TableSnapshot, _ backend: Backend) {
    for chain in table.content.chains {
      for rule in chain.rules { RuleProperties.check(rule) }
    }
    let table = Printability.readablePart(of: table)
    let text = DumpText.of(table, backend)
    let again = read(text, like: table)
    require(again.counters == table.counters, "counters are read as they were printed")
    require(DumpText.of(again, backend) == text, "what is printed prints the same again")
    for (left, right) in zip(table.content.chains, again.content.chains) {
      require(left.policy == right.policy, "policies are read as they were printed")
      for (left, right) in zip(left.rules, right.rules) {
        require(left == right, "\(left) is read as it was printed, not as \(right)")
      }
    }
    let saved = save(table, backend)
    let savedAgain = save(read(saved, like: table), backend)
    require(
      savedAgain == saved,
      "what is saved is saved the same again: \(firstDifference(saved, savedAgain))")
  }

  /// What the command `save` writes of a table.
  private static func save(_ table: TableSnapshot, _ backend: Backend) -> [UInt8] {
    var writer = SaveFileWriter(program: "a test", showsCounters: true, time: 0)
    writer.write(
      FamilySnapshot(backend: backend, family: table.family, tables: [table]), .fixed)
    return writer.bytes
  }

  /// The first line that differs, on both sides.
  private static func firstDifference(_ left: [UInt8], _ right: [UInt8]) -> String {
    let lines = [left, right].map { $0.split(separator: 0x0a, omittingEmptySubsequences: false) }
    let pair = zip(lines[0], lines[1]).first { $0 != $1 }
    return pair.map { [$0, $1].map { "\n" + String(decoding: $0, as: UTF8.self) }.joined() }
      ?? "one is longer"
  }

  private static func read(_ text: [UInt8], like table: TableSnapshot) -> TableSnapshot {
    do throws(ReadingError) {
      let families = try SaveFileParser.parse(text)
      guard let found = families.first?.table(table.name), families.count == 1 else {
        fatalError("one table comes out as one")
      }
      return found
    } catch {
      fatalError("what is printed can be read: \(error)\n\(String(decoding: text, as: UTF8.self))")
    }
  }
}

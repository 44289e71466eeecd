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
    for (left, right) in zip(lines(saved), lines(savedAgain)) {
      require(left == right, "what is saved is saved the same again:\n\(left)\n\(right)")
    }
    require(savedAgain.count == saved.count, "what is saved is saved whole again")
  }

  /// What the command `save` writes of a table.
  private static func save(_ table: TableSnapshot, _ backend: Backend) -> [UInt8] {
    var writer = SaveFileWriter(program: "a test", showsCounters: true, time: 0)
    writer.write(
      FamilySnapshot(backend: backend, family: table.family, tables: [table]), .fixed)
    return writer.bytes
  }

  private static func lines(_ text: [UInt8]) -> [String] {
    text.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
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

import Answers
import Console
import FoundationEssentials
import IPTablesSource
import Netfilter
import TestSupport

extension Ruleset {
  init(_ fixture: Fixture) throws {
    self.init(name: fixture.name, families: try SaveFileParser.parse(fixture.bytes()))
  }

  init(_ texts: RulesetText...) throws {
    self.init(name: "rules", families: try texts.map { try $0.snapshot() })
  }

  init(bytes: [UInt8]) throws {
    self.init(name: "rules", families: try SaveFileParser.parse(bytes))
  }
}

extension RulesetDifference {
  var sentences: [String] { findings.map(\.text) }

  var changes: [RulesetChange] { groups.flatMap(\.changes) }
}

/// What is printed without colours.
func text(_ write: (inout TerminalWriter) -> Void) -> String {
  var writer = TerminalWriter(isColoured: false)
  write(&writer)
  return String(decoding: writer.bytes, as: UTF8.self)
}

func json(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
  var writer = JSONWriter()
  write(&writer)
  return writer.finish()
}

/// What a reader of JSON has of it.
func decoded<Document: Decodable>(
  _ type: Document.Type = Document.self, _ write: (inout JSONWriter) -> Void
) throws -> Document {
  try JSONDecoder().decode(type, from: Data(json(write)))
}

extension String {
  /// Whether nothing in it but the ends of lines does anything to a terminal.
  var isPrintable: Bool {
    unicodeScalars.allSatisfy { scalar in
      scalar == "\n"
        || scalar.properties.generalCategory != .control
          && scalar.properties.generalCategory != .format
    }
  }
}

import Answers
import Console
import Foundation
import Testing

@testable import Anomalies

/// `.ci/answers` validates documents by the schemas; what no document may hold by chance is looked at here.
@Suite("The JSON Schemas")
struct SchemaTests {
  private typealias Members = [String: Any]

  private static func schema(_ name: String) throws -> Members {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    let path = here.dropLast(3).joined(separator: "/") + "/Documentation/schemas/"
    let data = try Data(contentsOf: URL(filePath: path + name + ".schema.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? Members)
  }

  /// What a member of a definition may be.
  private static func values(
    _ schema: String, _ definition: String, _ member: String
  ) throws -> [String] {
    let definitions = try #require(try Self.schema(schema)["$defs"] as? [String: Members])
    let members = try #require(definitions[definition]?["properties"] as? [String: Members])
    return try #require(members[member]?["enum"] as? [String])
  }

  @Test("Name every kind of sentence and of fault, and every severity")
  func kinds() throws {
    #expect(
      try Self.values("diff", "sentence", "kind") == DifferenceFinding.Kind.allCases.map(\.rawValue)
    )
    #expect(
      try Self.values("check", "anomaly", "anomaly") == Anomaly.allCases.map(\.rawValue))
    #expect(
      try Set(Self.values("check", "anomaly", "severity"))
        == Set(Anomaly.allCases.map(\.severity.rawValue)))
  }

  @Test("Are of the version that is written", arguments: ["diff", "show", "check", "explain"])
  func version(_ name: String) throws {
    var writer = JSONWriter()
    CheckReport().write(to: &writer)
    let document = try JSONSerialization.jsonObject(with: Data(writer.finish())) as? Members
    let members = try #require(try Self.schema(name)["properties"] as? [String: Members])
    let written = try #require(document?["version"] as? Int)
    #expect(members["version"]?["const"] as? Int == written)
  }
}

import Foundation
import Testing

@testable import Console

@Suite("JSON")
struct JSONWriterTests {
  @Test("Members and elements stand in the order in which they are given")
  func order() {
    var json = JSONWriter()
    json.object { json in
      json.member("text", .string("a"))
      json.array("list") { json in
        json.element(.integer(-1))
        json.element(.number(0.25))
        json.object { $0.member("none", .null) }
      }
      json.array("empty") { _ in }
      json.member("inner") { $0.member("flag", .flag(true)) }
    }
    let expected = """
      {
        "text": "a",
        "list": [
          -1,
          0.25,
          {
            "none": null
          }
        ],
        "empty": [],
        "inner": {
          "flag": true
        }
      }

      """
    #expect(String(decoding: json.finish(), as: UTF8.self) == expected)
  }

  @Test("Lists and strings are written element by element; strings that are missing are null")
  func members() {
    var json = JSONWriter()
    json.object { json in
      json.member("objects", objects: [1, 2]) { $1.member("number", .integer($0)) }
      json.member("no objects", objects: [Int]()) { $1.member("number", .integer($0)) }
      json.member("elements", elements: [.flag(false), .null])
      json.member("strings", strings: ["b": "1", "a": "2"])
      json.member("no strings", strings: nil)
    }
    let expected = """
      {
        "objects": [
          {
            "number": 1
          },
          {
            "number": 2
          }
        ],
        "no objects": [],
        "elements": [
          false,
          null
        ],
        "strings": {
          "b": "1",
          "a": "2"
        },
        "no strings": null
      }

      """
    #expect(String(decoding: json.finish(), as: UTF8.self) == expected)
  }

  @Test(
    "Any text comes back from a reader of JSON as it was",
    arguments: [
      "", "plain", "\"quotes\" and \\", "\n\t\r\u{8}\u{c}\0\u{1b}[31m\u{7f}", "käse 🧀",
      "\u{202e}turned\u{2028}\u{85}", "\u{e0001}",
    ])
  func text(_ text: String) throws {
    var json = JSONWriter()
    json.object { $0.member(text, .string(text)) }
    let bytes = json.finish()
    let read = try JSONDecoder().decode([String: String].self, from: Data(bytes))
    #expect(read == [text: text])
    #expect(!bytes.contains { $0 < 0x20 && $0 != UInt8(ascii: "\n") || $0 == 0x7f })
    #expect(!String(decoding: bytes, as: UTF8.self).unicodeScalars.contains("\u{202e}"))
  }

  @Test("What is not UTF-8 is replaced")
  func invalidText() throws {
    var json = JSONWriter()
    json.object { $0.member("comment", .text([0x61, 0xff, 0xc3, 0x62])) }
    let read = try JSONDecoder().decode([String: String].self, from: Data(json.finish()))
    #expect(read == ["comment": "a\u{fffd}\u{fffd}b"])
  }

  @Test("A number that JSON can't hold is null", arguments: [Double.nan, .infinity])
  func notFinite(_ number: Double) {
    var json = JSONWriter()
    json.object { $0.member("number", .number(number)) }
    #expect(String(decoding: json.finish(), as: UTF8.self) == "{\n  \"number\": null\n}\n")
  }
}

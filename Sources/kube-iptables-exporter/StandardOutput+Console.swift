internal import Console
internal import Platform

extension StandardOutput {
  /// Writes what people are told, once `body` has said all of it.
  static func write(text body: (inout TerminalWriter) -> Void) throws(WritingFailure) {
    var writer = TerminalWriter.forStandardOutput()
    body(&writer)
    try writeAnswer(writer.bytes)
  }

  /// Writes a document of JSON, once `body` has written all of it.
  static func write(json body: (inout JSONWriter) -> Void) throws(WritingFailure) {
    var writer = JSONWriter()
    body(&writer)
    try writeAnswer(writer.finish())
  }

  private static func writeAnswer(_ bytes: [UInt8]) throws(WritingFailure) {
    do {
      try write(bytes)
    } catch {
      throw WritingFailure(error: error)
    }
  }
}

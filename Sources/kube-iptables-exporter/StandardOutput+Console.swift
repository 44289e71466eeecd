internal import Console
internal import Platform

extension StandardOutput {
  /// Writes what people are told, once `body` has said all of it.
  static func write(text body: (inout TerminalWriter) -> Void) throws(SystemError) {
    var writer = TerminalWriter.forStandardOutput()
    body(&writer)
    try write(writer.bytes)
  }

  /// Writes a document of JSON, once `body` has written all of it.
  static func write(json body: (inout JSONWriter) -> Void) throws(SystemError) {
    var writer = JSONWriter()
    body(&writer)
    try write(writer.finish())
  }
}

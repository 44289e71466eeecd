internal import Platform

/// Rules that were asked about can't be read, so that there is no answer.
struct ReadingFailure: Error, CustomStringConvertible {
  /// The exit status: 1 is an answer.
  static let status: Int32 = 2

  let description: String
}

/// An answer that can't be written, such as into a full file system.
struct WritingFailure: Error, CustomStringConvertible {
  let error: SystemError

  var description: String { "cannot write the answer: \(error)" }
}

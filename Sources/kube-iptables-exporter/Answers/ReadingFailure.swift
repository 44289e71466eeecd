/// Rules that were asked about can't be read, so that there is no answer.
struct ReadingFailure: Error, CustomStringConvertible {
  /// The exit status: 1 is an answer.
  static let status: Int32 = 2

  let description: String
}

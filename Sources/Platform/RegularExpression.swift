private import CPCRE2

/// A regular expression of a flag, compiled by PCRE2. It may match anywhere in a text.
///
/// Classes such as `\w` are Unicode's, `^` and `$` match the text's ends, and `.` matches no line
/// break. The operator chooses expressions, but tenants choose the names that they are matched
/// with. So each match is bounded in steps and memory, and all matches of a reading in time: see
/// ``MatchingBudget``.
public struct RegularExpression: Sendable {
  /// The expression as it was written.
  public let text: String
  private let code: Code
  private let hasGroup: Bool

  /// - Throws: ``RegularExpressionFault`` if the text is not an expression.
  public init(_ text: String) throws(RegularExpressionFault) {
    self.text = text
    code = try Code(text)
    hasGroup = code.groupCount > 0
  }

  /// What an expression found.
  public struct Match: Sendable, Equatable {
    /// What the first group captured: empty if it took no part, nil if the expression has no group.
    public let firstGroup: String?
  }

  /// Finds the first place of a text that matches; nil if there is none.
  ///
  /// - Parameter budget: The budget that pays for the search.
  /// - Throws: ``MatchingError`` if the search had to be given up.
  public func firstMatch(
    in subject: String, within budget: inout MatchingBudget
  ) throws(MatchingError) -> Match? {
    func error(_ reason: MatchingError.Reason) -> MatchingError {
      MatchingError(pattern: text, subject: subject, reason: reason)
    }
    guard budget.rest > .zero else { throw error(.noTimeLeft) }
    let start = ProcessorTime.ofThisThread
    defer { budget.rest -= ProcessorTime.ofThisThread - start }
    let bytes = Array(subject.utf8)
    let scratch = budget.scratch
    let result = unsafe pcre2_match_8(
      code.pointer, bytes, bytes.count, 0, PCRE2_NO_UTF_CHECK, scratch.data, scratch.context)
    if result == PCRE2_ERROR_NOMATCH { return nil }
    // The result is 0 if there are more groups than the two pairs of offsets have room for.
    guard result >= 0 else { throw error(.tooManySteps) }
    guard hasGroup else { return Match(firstGroup: nil) }
    guard let range = scratch.firstGroup(result) else { return Match(firstGroup: "") }
    return Match(firstGroup: String(decoding: bytes[range], as: UTF8.self))
  }

  /// Owns the compiled code, which never changes.
  @safe private final class Code: Sendable {
    nonisolated(unsafe) let pointer: OpaquePointer

    init(_ text: String) throws(RegularExpressionFault) {
      let bytes = Array(text.utf8)
      let context = unsafe pcre2_compile_context_create_8(nil)
      defer { unsafe pcre2_compile_context_free_8(context) }
      _ = unsafe pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_ANY))
      let options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY
        | PCRE2_NEVER_BACKSLASH_C
      var (error, offset): (Int32, Int) = (0, 0)
      guard
        let code = unsafe pcre2_compile_8(
          bytes, bytes.count, options, &error, &offset, context)
      else { throw RegularExpressionFault(code: error, offset: offset) }
      unsafe pointer = code
    }

    deinit { unsafe pcre2_code_free_8(pointer) }

    var groupCount: UInt32 {
      var count: UInt32 = 0
      _ = unsafe pcre2_pattern_info_8(pointer, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
      return count
    }
  }
}

/// What is wrong with the text of a regular expression.
public struct RegularExpressionFault: Error, CustomStringConvertible {
  /// PCRE2's description, and the place in the text.
  public let description: String

  fileprivate init(code: Int32, offset: Int) {
    var words = [UInt8](repeating: 0, count: 256)
    let length = unsafe pcre2_get_error_message_8(code, &words, words.count)
    description =
      "\(String(decoding: words.prefix(Int(max(0, length))), as: UTF8.self)) at offset \(offset)"
  }
}

/// It would take too long to find out whether a text matches.
public struct MatchingError: Error, Hashable, CustomStringConvertible {
  public enum Reason: Sendable, Hashable {
    /// The match took more steps than it may. It would do so again.
    case tooManySteps
    /// Other matches have used up the time. A later reading can try again.
    case noTimeLeft
  }

  public let pattern: String
  public let subject: String
  public let reason: Reason

  public var description: String {
    switch reason {
    case .tooManySteps: "the pattern '\(pattern)' takes too long for '\(subject)'"
    case .noTimeLeft: "the patterns took too long before '\(pattern)' was tried on '\(subject)'"
    }
  }
}

/// The processor time that regular expressions may take in one reading.
///
/// It belongs to one thread, and lives for one reading, because it holds the memory of matches.
public struct MatchingBudget {
  /// The time that is left.
  public fileprivate(set) var rest: Duration
  fileprivate let scratch = Scratch()

  /// 85 ms, and the last match may take 10 more.
  public init(_ time: Duration = .milliseconds(85)) { rest = time }

  @safe fileprivate final class Scratch {
    let data: OpaquePointer?
    let context: OpaquePointer?

    /// The limits of a match: steps (this many take some 5 ms) and KiB.
    private static let (steps, memory): (UInt32, UInt32) = (100_000, 8192)

    init() {
      unsafe data = pcre2_match_data_create_8(2, nil)
      unsafe context = pcre2_match_context_create_8(nil)
      _ = unsafe pcre2_set_match_limit_8(context, Self.steps)
      _ = unsafe pcre2_set_heap_limit_8(context, Self.memory)
    }

    deinit {
      unsafe pcre2_match_data_free_8(data)
      unsafe pcre2_match_context_free_8(context)
    }

    /// The first group's place after a match with this result; nil if the group took no part.
    func firstGroup(_ result: Int32) -> Range<Int>? {
      guard result != 1, let offsets = unsafe pcre2_get_ovector_pointer_8(data) else { return nil }
      let (start, end) = unsafe (offsets[2], offsets[3])
      // A group that took no part is at PCRE2_UNSET, which is negative here.
      return start >= 0 && start <= end ? start..<end : nil
    }
  }
}
